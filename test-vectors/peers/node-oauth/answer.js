// The npm package oauth (node-oauth) behind the line protocol of ../../README.md.
//
//     npm install oauth@0.10.2
//
// Its own functions are called the way its users call them; nothing it lacks is added. A request is
// built as get() and post() build one, up to the point where the connection would be opened.

'use strict'

const path = require('path')
const querystring = require('querystring')
const readline = require('readline')
const { createRequire } = require('module')

// The package is looked for where it was installed: the argument is that folder, if it is not this one.
const { OAuth } = createRequire(path.resolve(process.argv[2] || __dirname, 'x.js'))('oauth')

const METHODS = ['PLAINTEXT', 'HMAC-SHA1', 'HMAC-SHA256', 'RSA-SHA1']
const ADDED = ['timestamp', 'nonce', 'version', 'signature_method', 'consumer_key'].map(name => 'oauth_' + name)

class NotImplemented extends Error {}

function client(given, method) {
    if (!METHODS.includes(method)) throw new NotImplemented()
    const secret = method === 'RSA-SHA1' ? given.private_key_pem : given.client_secret || ''
    return new OAuth(null, null, given.key || '', secret, '1.0', null, method)
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

function isForm(given) {
    return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(given.content_type || '')
}

// Builds the request and returns its header and base string.
function build(given, method) {
    const sent = object(given.oauth_params.filter(([name]) => name !== 'realm' && name !== 'oauth_signature'))
    const oauth = client({ ...given, key: sent.oauth_consumer_key }, method)
    const built = {}
    oauth._createClient = (port, hostname, method, path, headers) => {
        built.header = headers.Authorization
        return { write() {}, end() {}, on() {} }
    }
    oauth._createSignatureBase = (...parts) => (built.base_string = OAuth.prototype._createSignatureBase.apply(oauth, parts))
    // A form is given to post() as an object, which becomes the parameters to sign; anything else as text.
    const form = isForm(given) ? querystring.parse(given.body) : {}
    const text = isForm(given) ? null : given.body ?? ''
    const extra = { ...form, ...sent }
    // It adds nonce, timestamp and so on to every request; the case may have none of them.
    const asked = { ...querystring.parse(given.url.split('?')[1]), ...extra }
    oauth._normaliseRequestParams = args => {
        for (const name of ADDED) if (!(name in asked)) delete args[name]
        return OAuth.prototype._normaliseRequestParams.call(oauth, args)
    }
    oauth._performSecureRequest(sent.oauth_token, given.token_secret, given.method, given.url, extra, text, given.content_type)
    return built
}

function signRequest(given) {
    const names = given.oauth_params.map(([name]) => name)
    const method = object(given.oauth_params).oauth_signature_method || given.signature_method || 'HMAC-SHA1'
    if (given.realm !== undefined && given.realm !== null) throw new NotImplemented() // its realm is that of OAuth Echo
    if (names.some(name => !name.startsWith('oauth_'))) throw new NotImplemented()
    const { header, base_string } = build(given, method)
    const signature = decodeURIComponent(/oauth_signature="([^"]*)"/.exec(header)[1])
    return { base_string, signature, authorization_header: header }
}

function baseStringUri(given) {
    if (given.host_header !== undefined) throw new NotImplemented() // it is given a URL, no header
    return client({}, 'PLAINTEXT')._normalizeUrl(given.url)
}

function normalize(given) {
    const oauth = client({}, 'PLAINTEXT')
    if (given.form !== undefined) {
        // A query is taken apart inside of _prepareParameters, so all of it is normalized there.
        const made = build({ method: 'GET', url: 'http://x/?' + given.form, oauth_params: [] }, 'HMAC-SHA1')
        return decodeURIComponent(made.base_string.split('&')[2])
    }
    return oauth._normaliseRequestParams(object(given.params.filter(([name]) => name !== 'oauth_signature')))
}

function signBaseString(given, method) {
    if (given.base_string === undefined || given.published !== undefined) throw new NotImplemented()
    return client(given, method)._createSignature(given.base_string, given.token_secret)
}

const answers = {
    'percent-encode': given =>
        client({}, 'PLAINTEXT')._encodeData(given.input ?? Buffer.from(given.input_hex, 'hex').toString()),
    'base-string-uri': baseStringUri,
    'parameter-normalization': normalize,
    'base-string': given => build(given, 'HMAC-SHA1').base_string,
    'hmac-sha1': given => signBaseString(given, 'HMAC-SHA1'),
    'hmac-sha256': given => signBaseString(given, 'HMAC-SHA256'),
    'rsa-sha1': given => signBaseString(given, 'RSA-SHA1'),
    'plaintext': given => signBaseString({ ...given, base_string: '' }, 'PLAINTEXT'),
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
