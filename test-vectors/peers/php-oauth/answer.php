<?php
// PHP's oauth extension behind the line protocol of ../../README.md.
//
//     apt-get install php-cli php-oauth
//
// Its own functions are called the way its users call them; nothing it lacks is added.

class NotImplemented extends Exception {}

/** Takes the place of http and https: a request is built, signed and not sent. */
class Nowhere
{
    public $context;

    public function stream_open()
    {
        return false;
    }
}

foreach (['http', 'https'] as $scheme) {
    stream_wrapper_unregister($scheme);
    stream_wrapper_register($scheme, 'Nowhere', STREAM_IS_URL);
}

const METHODS = [OAUTH_SIG_METHOD_HMACSHA1, OAUTH_SIG_METHOD_HMACSHA256, OAUTH_SIG_METHOD_RSASHA1, OAUTH_SIG_METHOD_PLAINTEXT];
const ALWAYS = ['oauth_consumer_key', 'oauth_signature_method', 'oauth_timestamp', 'oauth_nonce', 'oauth_version'];

/** Pairs as the array it takes: of a name that occurs more than once, an array of values. */
function grouped(array $pairs): array
{
    $made = [];
    foreach ($pairs as [$name, $value]) {
        $made[$name] = isset($made[$name]) ? array_merge((array) $made[$name], [$value]) : $value;
    }
    return $made;
}

function pairs(string $form): array
{
    $made = [];
    foreach (array_filter(explode('&', $form), 'strlen') as $pair) {
        $made[] = array_map('urldecode', array_pad(explode('=', $pair, 2), 2, ''));
    }
    return $made;
}

/** It is handed the parameters of a form; whether a body is one, its user decides. */
function is_form(array $given): bool
{
    return (bool) preg_match('~^application/x-www-form-urlencoded\s*(;|$)~i', $given['content_type'] ?? '');
}

function sent(array $given): array
{
    return array_filter($given['oauth_params'], fn ($pair) => !in_array($pair[0], ['realm', 'oauth_signature'], true));
}

function base_string(array $given)
{
    $pairs = array_merge(sent($given), is_form($given) ? pairs($given['body']) : []);
    return oauth_get_sbs($given['method'], $given['url'], grouped($pairs));
}

/** One part of a base string, decoded; of a URL it cannot read it makes none. */
function part(int $index, ?string $base_string): string
{
    $parts = explode('&', (string) $base_string);
    return count($parts) === 3 ? rawurldecode($parts[$index]) : throw new RuntimeException('no base string');
}

function client(array $given, array $params, string $method): OAuth
{
    if (!in_array($method, METHODS, true)) {
        throw new NotImplemented();
    }
    // It wants a secret even where only the RSA key counts.
    $secret = $given['client_secret'] ?? 'unused';
    $oauth = new OAuth($params['oauth_consumer_key'] ?? '', $secret, $method, OAUTH_AUTH_TYPE_AUTHORIZATION);
    $oauth->setRequestEngine(OAUTH_REQENGINE_STREAMS);
    $oauth->enableDebug();
    if ($method === OAUTH_SIG_METHOD_RSASHA1) {
        $oauth->setRSACertificate($given['private_key_pem']);
    }
    if (isset($params['oauth_token'])) {
        $oauth->setToken($params['oauth_token'], $given['token_secret'] ?? '');
    }
    return $oauth;
}

function sign_request(array $given): array
{
    $params = grouped(sent($given));
    $further = array_diff(array_keys($params), ALWAYS, ['oauth_token', 'oauth_callback', 'oauth_verifier']);
    if (array_diff(ALWAYS, array_keys($params)) || $further || isset($given['realm'])) {
        throw new NotImplemented(); // it always sends those, and no others
    }
    if (isset($params['oauth_callback']) && (isset($params['oauth_token']) || isset($params['oauth_verifier']))) {
        throw new NotImplemented(); // a callback goes alone
    }
    $oauth = client($given, $params, $params['oauth_signature_method']);
    $oauth->setNonce($params['oauth_nonce']);
    $oauth->setTimestamp($params['oauth_timestamp']);
    $oauth->setVersion($params['oauth_version']);
    $method = $given['method'];
    $headers = isset($given['content_type']) && !is_form($given) ? ['Content-Type' => $given['content_type']] : [];
    try {
        if (isset($params['oauth_callback'])) {
            $oauth->getRequestToken($given['url'], $params['oauth_callback'], $method);
        } elseif (isset($params['oauth_verifier'])) {
            $oauth->getAccessToken($given['url'], '', $params['oauth_verifier'], $method);
        } else {
            $oauth->fetch($given['url'], is_form($given) ? grouped(pairs($given['body'])) : $given['body'] ?? null, $method, $headers);
        }
    } catch (OAuthException $error) {
        // The connection fails, as it must.
        if (!isset($oauth->debugInfo['headers_sent'])) {
            throw $error;
        }
    }
    preg_match('/Authorization: (.*)/', $oauth->debugInfo['headers_sent'], $header);
    preg_match('/oauth_signature="([^"]*)"/', $header[1], $signature);
    return [
        'base_string' => $oauth->debugInfo['sbs'],
        'signature' => rawurldecode($signature[1]),
        'authorization_header' => trim($header[1]),
    ];
}

function normalize(array $given): string
{
    $params = array_filter($given['params'] ?? [], fn ($pair) => $pair[0] !== 'oauth_signature');
    return part(2, oauth_get_sbs('GET', 'http://x/' . (isset($given['form']) ? '?' . $given['form'] : ''), grouped($params)));
}

function base_string_uri(array $given): string
{
    if (isset($given['host_header'])) {
        throw new NotImplemented(); // it is given a URL, no header
    }
    return part(1, oauth_get_sbs('GET', $given['url'], []));
}

function plaintext(array $given): string
{
    return client($given, ['oauth_consumer_key' => 'key', 'oauth_token' => 'token'], OAUTH_SIG_METHOD_PLAINTEXT)
        ->generateSignature('GET', 'http://x/');
}

const ANSWERS = [
    'percent-encode' => 'percent_encode',
    'base-string-uri' => 'base_string_uri',
    'parameter-normalization' => 'normalize',
    'base-string' => 'base_string',
    'plaintext' => 'plaintext',
    'sign-request' => 'sign_request',
];

function percent_encode(array $given)
{
    return oauth_urlencode($given['input'] ?? hex2bin($given['input_hex']));
}

function answer(array $given): array
{
    try {
        if (!isset(ANSWERS[$given['kind']])) {
            throw new NotImplemented();
        }
        $output = ANSWERS[$given['kind']]($given);
        return $output === false || $output === null ? ['refused' => error_get_last()['message'] ?? ''] : ['output' => $output];
    } catch (NotImplemented $lacking) {
        return ['not_implemented' => true];
    } catch (Throwable $error) {
        return ['refused' => get_class($error) . ': ' . $error->getMessage()];
    }
}

// Warnings, of the connections that fail and of bad input, have no place on the line.
error_reporting(0);
while (($line = fgets(STDIN)) !== false) {
    $given = json_decode($line, true);
    $flags = JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE;
    fwrite(STDOUT, json_encode(['id' => $given['id']] + answer($given), $flags) . "\n");
}
