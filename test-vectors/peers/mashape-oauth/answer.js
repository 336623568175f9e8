// The npm package mashape-oauth behind the line protocol of ../../README.md.
//
//     npm install mashape-oauth@0.1.71
//
// Its own functions are called the way its users call them; nothing it lacks is added. A request is
// built as get() and post() build one, up to the point where the connection would be opened. Since
// Node 6 it fails with a TypeError wherever there is a query or a form body.

'use strict'

const path = require('path')
const querystring = require('querystring')
const readline = require('readline')
const { createRequire } = require('module')

// The package is looked for where it was installed: the argument is that folder, if it is not this one.
const load = createRequire(path.resolve(process.argv[2] || __dirname, 'x.js'))
const { OAuth } = load('mashape-oauth')
const utils = load('mashape-oauth/lib/utils')

const METHODS = Object.values(OAuth.signatures)
const ADDED = ['timestamp', 'nonce', 'version', 'signature_method', 'consumer_key'].map(name => 'oauth_' + name)
const normalizeArguments = OAuth.normalizeArguments

class NotImplemented extends Error {}

function client(given, method, sent = {}) {
    if (!METHODS.includes(method)) throw new NotImplemented()
    return new OAuth({
        consumerKey: sent.oauth_consumer_key,
        consumerSecret: method === 'RSA-SHA1' ? given.private_key_pem : given.client_secret,
        signatureMethod: method,
        version: sent.oauth_version,
        timestamp: () => sent.oauth_timestamp,
        nonce: () => sent.oauth_nonce,
        realm: given.realm,
    })
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

// Builds the request and returns its header and base string.
function build(given, method) {
    const sent = object(given.oauth_params.filter(([name]) => name !== 'realm' && name !== 'oauth_signature'))
    const oauth = client(given, method, sent)
    const built = {}
    oauth.createClient = options => {
        built.header = options.headers.Authorization
        return { on() {}, write() {}, end() {} }
    }
    oauth.createSignatureBase = (...parts) => (built.base_string = OAuth.prototype.createSignatureBase.apply(oauth, parts))
    // It adds nonce, timestamp and so on to every request; the case may have none of them.
    const asked = { ...querystring.parse(given.url.split('?')[1]), ...sent }
    OAuth.normalizeArguments = args => {
        for (const name of ADDED) if (!(name in asked)) delete args[name]
        return normalizeArguments(args)
    }
    const { method: verb, url, body, content_type: type, token_secret } = given
    oauth.performSecureRequest({ method: verb, url, body, type, token_secret, parameters: sent })
    return built
}

function signRequest(given) {
    const { oauth_signature_method: named } = object(given.oauth_params)
    if (given.oauth_params.some(([name]) => !name.startsWith('oauth_'))) throw new NotImplemented()
    if (ADDED.some(name => !given.oauth_params.some(pair => pair[0] === name))) throw new NotImplemented() // it sends all of these
    const { header, base_string } = build(given, named)
    const signature = decodeURIComponent(/oauth_signature="([^"]*)"/.exec(header)[1])
    return { base_string, signature, authorization_header: header }
}

function baseStringUri(given) {
    if (given.host_header !== undefined) throw new NotImplemented() // it is given a URL, no header
    return OAuth.normalizeUrl(given.url)
}

function normalize(given) {
    if (given.form !== undefined) {
        // A query is taken apart inside of prepareParameters.
        const made = build({ method: 'GET', url: 'http://x/?' + given.form, oauth_params: [] }, 'HMAC-SHA1')
        return decodeURIComponent(made.base_string.split('&')[2])
    }
    return normalizeArguments(object(given.params.filter(([name]) => name !== 'oauth_signature')))
}

function signBaseString(given, method) {
    if (given.base_string === undefined || given.published !== undefined) throw new NotImplemented()
    return client(given, method).createSignature(given.base_string, given.token_secret)
}

const answers = {
    'percent-encode': given => utils.encodeData(given.input ?? Buffer.from(given.input_hex, 'hex').toString()),
    'percent-decode': given => utils.decodeData(given.input),
    'base-string-uri': baseStringUri,
    'parameter-normalization': normalize,
    'base-string': given => build(given, 'HMAC-SHA1').base_string,
    'hmac-sha1': given => signBaseString(given, 'HMAC-SHA1'),
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
