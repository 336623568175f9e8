# Ruby's signet behind the line protocol of ../../README.md.
#
#     apt-get install ruby-signet
#
# Its own functions are called the way its users call them; nothing it lacks is added. Nonce and
# timestamp are pinned by putting others in the place of the functions that make them.

require 'base64' # it uses it, and leaves it to others to load it
require 'json'
require 'signet/oauth_1'
require 'signet/oauth_1/client'

OAuth1 = Signet::OAuth1
NotImplemented = Class.new(StandardError)
METHODS = %w[HMAC-SHA1 RSA-SHA1 PLAINTEXT].freeze
FORM = %r{\Aapplication/x-www-form-urlencoded\s*(;|\z)}i.freeze

# Remembers the base string that was made last.
class << OAuth1
  prepend(Module.new { def generate_base_string(*) = $base_string = super })
end

def pin(params)
  OAuth1.define_singleton_method(:generate_timestamp) { params['oauth_timestamp'] }
  OAuth1.define_singleton_method(:generate_nonce) { params['oauth_nonce'] }
end

def sent(given)
  given['oauth_params'].reject { |name, _| %w[realm oauth_signature].include?(name) }
end

# The parameters of a form are given with the others; whether a body is one, its user decides.
def base_string(given)
  form = FORM.match?(given['content_type'].to_s) ? Addressable::URI.form_unencode(given['body'].to_s) : []
  OAuth1.generate_base_string(given['method'], given['url'], sent(given) + form)
end

def sign_request(given)
  params = sent(given).to_h
  method = params['oauth_signature_method']
  raise NotImplemented unless METHODS.include?(method)
  secret = given['private_key_pem'] || given['client_secret']
  client = OAuth1::Client.new(
    client_credential_key: params['oauth_consumer_key'], client_credential_secret: secret, callback: params['oauth_callback'],
    temporary_credential_uri: given['url'], token_credential_uri: given['url'], two_legged: !params['oauth_token'],
    temporary_credential_key: params['oauth_token'], temporary_credential_secret: given['token_secret'].to_s,
    token_credential_key: params['oauth_token'], token_credential_secret: params['oauth_token'] && given['token_secret'].to_s
  )
  raise NotImplemented if given['token_secret'].to_s != '' && !params['oauth_token'] # there is no secret without a token
  pin(params)
  options = { signature_method: method, realm: given['realm'], verifier: params['oauth_verifier'] }
  request = if params['oauth_verifier']
              client.generate_token_credential_request(options)
            elsif params['oauth_callback']
              client.generate_temporary_credential_request(options)
            else
              headers = given['content_type'] ? [['Content-Type', given['content_type']]] : []
              client.generate_authenticated_request(options.merge(request: [given['method'], given['url'], headers, given['body'].to_s]))
            end
  header = request.headers['Authorization']
  made = OAuth1.parse_authorization_header(header).to_h
  pinned = made.select { |name, _| name.start_with?('oauth_') && name != 'oauth_signature' }
  raise NotImplemented unless pinned == params && (request.http_method.to_s.upcase == given['method'].upcase) # it sends others
  { base_string: method == 'PLAINTEXT' ? nil : $base_string, signature: made['oauth_signature'], authorization_header: header }
end

def normalize(given)
  params = given['form'] ? Addressable::URI.form_unencode(given['form']) : given['params']
  OAuth1.normalize_parameters(params)
end

def base_string_uri(given)
  raise NotImplemented if given['host_header'] # it is given a URL, no header
  OAuth1.unencode(OAuth1.generate_base_string('GET', given['url'], []).split('&')[1])
end

MODULES = { 'hmac-sha1' => 'HMACSHA1', 'rsa-sha1' => 'RSASHA1', 'plaintext' => 'PLAINTEXT' }.freeze

def signature_of_base_string(given)
  raise NotImplemented unless given['base_string'] && !given['published']
  require "signet/oauth_1/signature_methods/#{given['kind'].tr('-', '_')}"
  OAuth1.const_get(MODULES[given['kind']]).generate_signature(given['base_string'], given['private_key_pem'] || given['client_secret'], given['token_secret'])
end

def header_build(given)
  raise NotImplemented unless given['separator'] == ', '
  OAuth1.generate_authorization_header(given['params'], given['realm'])
end

def header_parse(given)
  pairs = OAuth1.parse_authorization_header(given['input'])
  { realm: pairs.to_h['realm'], params: pairs.reject { |name, _| name == 'realm' } }
end

ANSWERS = {
  'percent-encode' => ->(given) { OAuth1.encode(given['input'] || [given['input_hex']].pack('H*').force_encoding('UTF-8')) },
  'percent-decode' => ->(given) { OAuth1.unencode(given['input']) },
  'base-string-uri' => method(:base_string_uri),
  'parameter-normalization' => method(:normalize),
  'base-string' => method(:base_string),
  'hmac-sha1' => method(:signature_of_base_string),
  'rsa-sha1' => method(:signature_of_base_string),
  'plaintext' => ->(given) { signature_of_base_string(given.merge('base_string' => '')) },
  'authorization-header-build' => method(:header_build),
  'authorization-header-parse' => method(:header_parse),
  'sign-request' => method(:sign_request)
}.freeze

def answer(given)
  compute = ANSWERS[given['kind']]
  raise NotImplemented unless compute
  { output: compute.call(given) }
rescue NotImplemented
  { not_implemented: true }
rescue StandardError => error
  { refused: error.inspect }
end

def line(id, answer)
  JSON.generate({ id: id, **answer })
rescue JSON::GeneratorError, EncodingError
  JSON.generate(id: id, came: 'octets that are not UTF-8')
end

$stdout.sync = true
$stdin.each_line do |text|
  given = JSON.parse(text)
  puts line(given['id'], answer(given))
end
