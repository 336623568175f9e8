// The npm packages request and oauth-sign behind the line protocol of ../../README.md.
//
//     npm install request@2.88.2
//
// Its own functions are called the way its users call them; nothing it lacks is added. A request is
// made with the option "oauth" and given up before it is sent; the base string is what is hashed.

'use strict'

const crypto = require('crypto')
const path = require('path')
const readline = require('readline')
const { createRequire } = require('module')

// The package is looked for where it was installed: the argument is that folder, if it is not this one.
const load = createRequire(path.resolve(process.argv[2] || __dirname, 'x.js'))
const request = load('request')
const oauthSign = createRequire(load.resolve('request'))('oauth-sign')

const ADDED = ['oauth_timestamp', 'oauth_nonce', 'oauth_version', 'oauth_signature_method']
const METHODS = ['HMAC-SHA1'].concat(oauthSign.rsasign ? 'RSA-SHA1' : [], oauthSign.plaintext ? 'PLAINTEXT' : [], oauthSign.hmacsign256 ? 'HMAC-SHA256' : [])

class NotImplemented extends Error {}

let base_string
for (const name of ['createHmac', 'createSign']) {
    const make = crypto[name]
    crypto[name] = (...how) => {
        const made = make(...how)
        const { update } = made
        made.update = (text, ...rest) => update.call(made, (base_string = text), ...rest)
        return made
    }
}

function signRequest(given) {
    const options = {}
    for (const [name, value] of given.oauth_params) {
        if (name === 'realm' || name === 'oauth_signature') continue
        if (!name.startsWith('oauth_') || name.slice(6) in options) throw new NotImplemented()
        options[name.slice(6)] = value
    }
    const method = options.signature_method || given.signature_method || 'HMAC-SHA1'
    if (!METHODS.includes(method)) throw new NotImplemented()
    if (ADDED.some(name => !options[name.slice(6)])) throw new NotImplemented() // it adds what is missing or empty
    if (given.private_key_pem && method === 'RSA-SHA1') options.private_key = given.private_key_pem
    else options.consumer_secret = given.client_secret ?? ''
    options.token_secret = given.token_secret ?? ''
    if (given.realm !== undefined && given.realm !== null) options.realm = given.realm

    const headers = given.content_type ? { 'content-type': given.content_type } : {}
    base_string = null
    let failed
    const made = request({ method: given.method, url: given.url, body: given.body, headers, oauth: options, callback(error) { failed = error } })
    made.on('error', error => (failed = error))
    made.abort()
    if (failed) throw failed
    const header = made.headers.authorization || made.headers.Authorization
    if (/oauth_realm=/.test(header)) throw new NotImplemented() // early versions know no realm
    const signature = decodeURIComponent(/oauth_signature="([^"]*)"/.exec(header)[1])
    return { base_string, signature, authorization_header: header }
}

function baseString(given) {
    return signRequest({ ...given, signature_method: undefined, client_secret: '', token_secret: '', oauth_params: hmac(given.oauth_params) }).base_string
}

// PLAINTEXT makes no base string, and RSA-SHA1 wants a key.
function hmac(pairs) {
    const others = pairs.find(([name, value]) => name === 'oauth_signature_method' && value !== 'HMAC-SHA1')
    if (others) throw new NotImplemented()
    return pairs
}

function plaintext(given) {
    if (!oauthSign.plaintext) throw new NotImplemented()
    return oauthSign.plaintext(given.client_secret, given.token_secret)
}

const answers = {
    'percent-encode': given => oauthSign.rfc3986(given.input ?? Buffer.from(given.input_hex, 'hex').toString()),
    'base-string': baseString,
    'plaintext': plaintext,
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
