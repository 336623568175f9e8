// The npm package oauth-1.0a behind the line protocol of ../../README.md.
//
//     npm install oauth-1.0a@2.2.6
//
// Its own functions are called the way its users call them; nothing it lacks is added. It leaves
// the hash to its users: hash_function is Node's crypto, as its README shows.

'use strict'

const crypto = require('crypto')
const path = require('path')
const querystring = require('querystring')
const readline = require('readline')
const { createRequire } = require('module')

// The package is looked for where it was installed: the argument is that folder, if it is not this one.
const OAuth = createRequire(path.resolve(process.argv[2] || __dirname, 'x.js'))('oauth-1.0a')

const HASHES = { 'HMAC-SHA1': 'sha1', 'HMAC-SHA256': 'sha256', 'HMAC-SHA512': 'sha512' }

class NotImplemented extends Error {}

// An OAuth object, and the base string it signed last.
function client(given, method) {
    const made = { base_string: null }
    const options = {
        consumer: { key: given.key || '', secret: given.client_secret || '' },
        signature_method: method,
    }
    if (given.realm !== undefined && given.realm !== null) options.realm = given.realm
    if (method !== 'PLAINTEXT') {
        if (!HASHES[method]) throw new NotImplemented()
        options.hash_function = (base_string, key) => {
            made.base_string = base_string
            return crypto.createHmac(HASHES[method], key).update(base_string).digest('base64')
        }
    }
    made.oauth = OAuth(options)
    return made
}

// Pairs as the objects it takes: of a name that occurs more than once, an array.
function object(pairs) {
    const made = {}
    for (const [name, value] of pairs) {
        if (name in made) made[name] = [].concat(made[name], value)
        else made[name] = value
    }
    return made
}

// It is handed the parameters of a form; whether a body is one, its user decides.
function request(given) {
    const form = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(given.content_type || '')
    return { url: given.url, method: given.method, data: form ? { ...querystring.parse(given.body) } : {} }
}

// What is sent in the header, but for realm and signature.
function oauthData(given) {
    return object(given.oauth_params.filter(([name]) => name !== 'realm' && name !== 'oauth_signature'))
}

function signRequest(given) {
    const data = oauthData(given)
    const method = data.oauth_signature_method || given.signature_method || 'HMAC-SHA1'
    const made = client({ ...given, key: data.oauth_consumer_key }, method)
    // authorize() makes nonce and timestamp itself; these are the steps it takes after that.
    data.oauth_signature = made.oauth.getSignature(request(given), given.token_secret, data)
    return {
        base_string: made.base_string,
        signature: data.oauth_signature,
        authorization_header: made.oauth.toHeader(data).Authorization,
    }
}

function normalize(given) {
    const { oauth } = client({}, 'PLAINTEXT')
    const url = 'https://x/' + (given.form === undefined ? '' : '?' + given.form)
    const pairs = (given.params || []).filter(([name]) => name !== 'oauth_signature')
    return oauth.getParameterString({ url, data: object(pairs) }, {})
}

function hmac(given, method) {
    if (given.base_string === undefined) throw new NotImplemented()
    const { oauth } = client(given, method)
    return oauth.hash_function(given.base_string, oauth.getSigningKey(given.token_secret))
}

function baseStringUri(given) {
    if (given.host_header !== undefined) throw new NotImplemented() // it is given a URL, no header
    return client({}, 'PLAINTEXT').oauth.getBaseUrl(given.url)
}

const answers = {
    'percent-encode': given =>
        client({}, 'PLAINTEXT').oauth.percentEncode(given.input ?? Buffer.from(given.input_hex, 'hex').toString()),
    'base-string-uri': baseStringUri,
    'parameter-normalization': normalize,
    'base-string': given => client({}, 'PLAINTEXT').oauth.getBaseString(request(given), oauthData(given)),
    'hmac-sha1': given => hmac(given, 'HMAC-SHA1'),
    'hmac-sha256': given => hmac(given, 'HMAC-SHA256'),
    'hmac-sha512': given => hmac(given, 'HMAC-SHA512'),
    'plaintext': given => hmac({ ...given, base_string: '' }, 'PLAINTEXT'),
    'sign-request': signRequest,
}

function answer(given) {
    try {
        if (!answers[given.kind]) throw new NotImplemented()
        return { output: answers[given.kind](given) }
    } catch (error) {
        return error instanceof NotImplemented ? { not_implemented: true } : { refused: String(error) }
    }
}

readline.createInterface({ input: process.stdin }).on('line', line => {
    const given = JSON.parse(line)
    process.stdout.write(JSON.stringify({ id: given.id, ...answer(given) }) + '\n')
})
