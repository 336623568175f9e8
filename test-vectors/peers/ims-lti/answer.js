// The npm package ims-lti behind the line protocol of ../../README.md.
//
//     npm install ims-lti@3.0.2
//
// Its own functions are called the way its users call them; nothing it lacks is added. It computes
// the signature of a request that a server got, from what Express makes of it, and writes no header.

'use strict'

const path = require('path')
const querystring = require('querystring')
const readline = require('readline')
const { createRequire } = require('module')

// The package is looked for where it was installed: the argument is that folder, if it is not this one.
const load = createRequire(path.resolve(process.argv[2] || __dirname, 'x.js'))
const HmacSha1 = load('ims-lti/lib/hmac-sha1')
const { special_encode } = load('ims-lti/lib/utils')

class NotImplemented extends Error {}

// Pairs as the objects it takes: of a name that occurs more than once, an array.
function object(pairs) {
    const made = {}
    for (const [name, value] of pairs) {
        if (name in made) made[name] = [].concat(made[name], value)
        else made[name] = value
    }
    return made
}

// The request as Express has it.
function received(given) {
    const parts = /^([a-z]+):\/\/([^/?#]*)([^#]*)/i.exec(given.url)
    if (!parts) throw new NotImplemented() // no such request arrives
    const [, protocol, host, target] = parts
    const url = target.startsWith('/') ? target : '/' + target
    return { method: given.method, protocol: protocol.toLowerCase(), url, headers: { host: given.host_header ?? host } }
}

// Express parses the body if it is a form, and it is handed all protocol parameters with the body.
function body(given) {
    const form = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(given.content_type || '')
    const sent = object(given.oauth_params.filter(([name]) => name !== 'realm'))
    return { ...(form ? querystring.parse(given.body) : {}), ...sent }
}

// Kept in the place of the signature.
function baseString(given, params) {
    const signer = new HmacSha1()
    signer.sign_string = text => text
    return signer.build_signature(received(given), params, '', '')
}

function part(index, text) {
    return decodeURIComponent(text.split('&')[index])
}

function normalize(given) {
    const url = 'http://x/' + (given.form === undefined ? '' : '?' + given.form)
    return part(2, baseString({ method: 'POST', url }, object(given.params || [])))
}

function hmac(given) {
    if (given.base_string === undefined) throw new NotImplemented()
    return new HmacSha1().sign_string(given.base_string, given.client_secret, given.token_secret)
}

const answers = {
    'percent-encode': given => special_encode(given.input ?? Buffer.from(given.input_hex, 'hex').toString()),
    'base-string-uri': given => part(1, baseString({ ...given, method: 'POST' }, {})),
    'parameter-normalization': normalize,
    'base-string': given => baseString(given, body(given)),
    'hmac-sha1': hmac,
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
