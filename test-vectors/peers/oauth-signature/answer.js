// The npm package oauth-signature behind the line protocol of ../../README.md.
//
//     npm install oauth-signature@1.5.0
//
// Its own functions are called the way its users call them; nothing it lacks is added. It writes no
// header, and is given the parameters of query and form by its user.

'use strict'

const path = require('path')
const querystring = require('querystring')
const readline = require('readline')
const { createRequire } = require('module')

// The package is looked for where it was installed: the argument is that folder, if it is not this one.
const oauthSignature = createRequire(path.resolve(process.argv[2] || __dirname, 'x.js'))('oauth-signature')

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

// Whether a body is a form, its user decides.
function parameters(given) {
    const form = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(given.content_type || '')
    const query = given.url.split('#')[0].split('?').slice(1).join('?')
    const sent = object(given.oauth_params.filter(([name]) => name !== 'realm' && name !== 'oauth_signature'))
    return [{ ...querystring.parse(query) }, form ? { ...querystring.parse(given.body) } : {}, sent]
}

function hmac(given) {
    if (given.base_string === undefined) throw new NotImplemented()
    return new oauthSignature.HmacSha1Signature(given.base_string, given.client_secret, given.token_secret).generate(false)
}

function baseStringUri(given) {
    if (given.host_header !== undefined) throw new NotImplemented() // it is given a URL, no header
    return new oauthSignature.UrlElement(given.url).get()
}

function normalize(given) {
    const params = given.form === undefined ? object(given.params.filter(([name]) => name !== 'oauth_signature')) : { ...querystring.parse(given.form) }
    return new oauthSignature.ParametersElement(new oauthSignature.ParametersLoader(params).get()).get()
}

const answers = {
    'percent-encode': given => new oauthSignature.Rfc3986().encode(given.input ?? Buffer.from(given.input_hex, 'hex').toString()),
    'percent-decode': given => new oauthSignature.Rfc3986().decode(given.input),
    'base-string-uri': baseStringUri,
    'parameter-normalization': normalize,
    'base-string': given => new oauthSignature.SignatureBaseString(given.method, given.url, parameters(given)).generate(),
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
