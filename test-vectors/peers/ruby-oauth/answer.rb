# Ruby's oauth behind the line protocol of ../../README.md.
#
#     apt-get install ruby-oauth ruby-rack
#
# Its own functions are called the way its users call them; nothing it lacks is added.

require 'json'
require 'oauth'
require 'oauth/request_proxy/rack_request'
require 'oauth/signature/plaintext'
require 'oauth/signature/rsa/sha1'

NotImplemented = Class.new(StandardError)

# Remembers the base string that was signed last.
module Keep
  def signature_base_string
    $base_string = super
  end
end
OAuth::Signature::Base.prepend(Keep)

VERBS = %i[get post put patch delete head].freeze
OPTIONS = %w[oauth_callback oauth_verifier oauth_session_handle].freeze
SENT = %w[oauth_consumer_key oauth_token oauth_signature_method oauth_timestamp oauth_nonce oauth_version oauth_body_hash].freeze

def sent(given)
  given['oauth_params'].reject { |name, _| %w[realm oauth_signature].include?(name) }
end

def headers(given)
  given['content_type'] ? { 'Content-Type' => given['content_type'] } : {}
end

# The request as Net::HTTP has it, for functions that are handed one with the parameters.
def http_request(given)
  path = URI.parse(given['url']).request_uri
  verb = given['method'].capitalize
  request = if VERBS.include?(verb.downcase.to_sym)
              Net::HTTP.const_get(verb).new(path, headers(given))
            else
              Net::HTTPGenericRequest.new(given['method'], true, true, path, headers(given))
            end
  request.body = given['body']
  request
end

def base_string(given)
  OAuth::RequestProxy.proxy(http_request(given), uri: given['url'], parameters: sent(given)).signature_base_string
end

def sign_request(given)
  params = sent(given).to_h
  method = params['oauth_signature_method'] || given['signature_method'] || 'HMAC-SHA1'
  verb = given['method'].downcase.to_sym
  raise NotImplemented unless OAuth::Signature.available_methods[method.downcase] && VERBS.include?(verb)
  raise NotImplemented unless (params.keys - SENT - OPTIONS).empty?
  body = %i[post put patch].include?(verb) ? [given['body']] : []
  raise NotImplemented if (given['body'] || params['oauth_body_hash']) && body.empty? # it sends none
  raise NotImplemented if params.value?('') # it leaves out what is empty

  consumer = OAuth::Consumer.new(params['oauth_consumer_key'].to_s, given['private_key_pem'] || given['client_secret'], signature_method: method)
  token = OAuth::AccessToken.new(consumer, params['oauth_token'].to_s, given['token_secret'].to_s)
  # An empty option leaves the parameter out. token_request keeps it from adding a body hash.
  options = { signature_method: params['oauth_signature_method'].to_s, realm: given['realm'], token_request: !params['oauth_body_hash'],
              nonce: params['oauth_nonce'].to_s, timestamp: params['oauth_timestamp'].to_s, oauth_version: params['oauth_version'].to_s }
  OPTIONS.each { |name| options[name.to_sym] = params[name] }
  $base_string = nil
  header = nil
  consumer.request(verb, given['url'], token, options, *body, headers(given)) { |request| header = request['Authorization']; :done }
  { base_string: $base_string, signature: OAuth::Helper.parse_header(header)['oauth_signature'], authorization_header: header }
end

# A form as the hash its own functions make of one.
def normalize(given)
  params = given['form'] ? CGI.parse(given['form']) : given['params'].group_by(&:first).transform_values { |pairs| pairs.map(&:last) }
  OAuth::Helper.normalize(params.reject { |name, _| name == 'oauth_signature' })
end

def base_string_uri(given)
  raise NotImplemented if given['host_header'] # it is given a URL, no header
  OAuth::RequestProxy.proxy(Net::HTTP::Get.new('/'), uri: given['url']).normalized_uri
end

# A message whose base string is given directly.
def message(given, method)
  raise NotImplemented unless OAuth::Signature.available_methods[method] && given['base_string']
  parameters = { 'oauth_signature_method' => method, 'oauth_signature' => given['published'] }
  request = OAuth::RequestProxy.proxy('method' => 'GET', 'uri' => 'http://x/', 'parameters' => parameters)
  request.define_singleton_method(:signature_base_string) { given['base_string'] }
  request
end

def signature_of_base_string(given)
  request = message(given, given['kind'])
  key = given['private_key_pem'] || given['public_key_pem'] || given['client_secret']
  options = { consumer_secret: key, token_secret: given['token_secret'] }
  return OAuth::Signature.sign(request, options) unless given['public_key_pem'] && !given['private_key_pem']
  verdict(OAuth::Signature.verify(request, options))
end

def verdict(valid)
  valid ? 'valid' : 'invalid'
end

# The request as a Rack application gets it; the signature goes where the other protocol parameters are.
def verify_request(given)
  url, body, pairs = given.values_at('url', 'body', 'oauth_params')
  environment = { method: given['method'] }
  environment['CONTENT_TYPE'] = given['content_type'] if given['content_type']
  query = URI.parse(url).query.to_s
  if !pairs.empty? || !"#{query}#{body}".include?('oauth_')
    pairs += [['oauth_signature', given['signature']]]
    fields = pairs.map { |pair| format('%s="%s"', *pair.map { |text| OAuth::Helper.escape(text) }) }
    fields.unshift("realm=\"#{given['realm']}\"") if given['realm']
    environment['HTTP_AUTHORIZATION'] = "OAuth #{fields.join(', ')}"
  elsif !"#{query}#{body}".include?('oauth_signature=')
    added = "&oauth_signature=#{OAuth::Helper.escape(given['signature'])}"
    query.include?('oauth_') ? url += added : body += added
  end
  environment[:input] = body if body
  request = Rack::Request.new(Rack::MockRequest.env_for(url, environment))
  key = given['public_key_pem'] || given['certificate_pem'] || given['private_key_pem'] || given['client_secret']
  verdict(OAuth::Signature.verify(request, consumer_secret: key, token_secret: given['token_secret']))
rescue OAuth::Signature::UnknownSignatureMethod
  raise NotImplemented
end

def header_parse(given)
  params = OAuth::Helper.parse_header(given['input'])
  { realm: params['realm'], params: params.reject { |name, _| name == 'realm' }.to_a }
end

ANSWERS = {
  'percent-encode' => ->(given) { OAuth::Helper.escape(given['input'] || [given['input_hex']].pack('H*').force_encoding('UTF-8')) },
  'percent-decode' => ->(given) { OAuth::Helper.unescape(given['input']) },
  'base-string-uri' => method(:base_string_uri),
  'parameter-normalization' => method(:normalize),
  'base-string' => method(:base_string),
  'plaintext' => ->(given) { signature_of_base_string(given.merge('base_string' => '')) },
  'authorization-header-parse' => method(:header_parse),
  'sign-request' => method(:sign_request),
  'verify-request' => method(:verify_request)
}.freeze

def answer(given)
  compute = ANSWERS[given['kind']]
  compute ||= method(:signature_of_base_string) if given['kind'].match?(/\A(hmac|rsa)-/)
  raise NotImplemented unless compute
  { output: compute.call(given) }
rescue NotImplemented
  { not_implemented: true }
rescue Exception => error # some of its errors are no StandardError
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
