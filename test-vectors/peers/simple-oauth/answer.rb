# Ruby's simple_oauth behind the line protocol of ../../README.md.
#
#     apt-get install ruby-simple-oauth
#
# Its own functions are called the way its users call them; nothing it lacks is added.

require 'json'
require 'simple_oauth'

Header = SimpleOAuth::Header
NotImplemented = Class.new(StandardError)
METHODS = %w[HMAC-SHA1 RSA-SHA1 PLAINTEXT].freeze
FORM = %r{\Aapplication/x-www-form-urlencoded\s*(;|\z)}i.freeze

def sent(given)
  given['oauth_params'].reject { |name, _| %w[realm oauth_signature].include?(name) }
end

# It is handed the parameters of a form; whether a body is one, its user decides.
def form(given)
  FORM.match?(given['content_type'].to_s) ? URI.decode_www_form(given['body'].to_s) : []
end

def header(given, others = [])
  options = sent(given).select { |name, _| name.start_with?('oauth_') }.to_h { |name, value| [name.delete_prefix('oauth_').to_sym, value] }
  raise NotImplemented unless (options.keys - Header::ATTRIBUTE_KEYS).empty?
  secrets = { consumer_secret: given['private_key_pem'] || given['client_secret'], token_secret: given['token_secret'] }
  made = Header.new(given['method'], given['url'], form(given) + others, secrets.merge(options))
  # It adds nonce, timestamp and so on to every request; the case may have none of them.
  made.options.delete_if { |name, _| !options.key?(name) && !secrets.key?(name) }
  made
end

def base_string(given)
  header(given, sent(given).reject { |name, _| name.start_with?('oauth_') }).send(:signature_base)
end

def sign_request(given)
  params = sent(given).to_h
  raise NotImplemented if given['realm'] || !METHODS.include?(params['oauth_signature_method'])
  raise NotImplemented unless params.keys.all? { |name| name.start_with?('oauth_') }
  made = header(given)
  base = made.send(:signature_base) unless params['oauth_signature_method'] == 'PLAINTEXT'
  { base_string: base, signature: made.signed_attributes[:oauth_signature], authorization_header: made.to_s }
end

def normalize(given)
  url = given['form'] ? "http://x/?#{given['form']}" : 'http://x/'
  made = Header.new('GET', url, (given['params'] || []).reject { |name, _| name == 'oauth_signature' }, {})
  made.options.clear
  made.send(:normalized_params)
end

def base_string_uri(given)
  raise NotImplemented if given['host_header'] # it is given a URL, no header
  Header.new('GET', given['url'], {}).url
end

def signature_of_base_string(given)
  raise NotImplemented unless given['base_string'] && !given['published'] && METHODS.include?(given['kind'].upcase)
  made = header(given.merge('method' => 'GET', 'url' => 'http://x/', 'oauth_params' => [['oauth_signature_method', given['kind'].upcase]]))
  made.define_singleton_method(:signature_base) { given['base_string'] }
  made.signed_attributes[:oauth_signature]
end

# It reads the header of a request, and nothing else.
def verify_request(given)
  raise NotImplemented if given['oauth_params'].empty?
  raise NotImplemented unless given['client_secret'] || given['private_key_pem'] # it verifies by signing
  pairs = given['oauth_params'] + [['oauth_signature', given['signature']]]
  fields = pairs.map { |name, value| "#{Header.escape(name)}=\"#{Header.escape(value)}\"" }
  made = Header.new(given['method'], given['url'], form(given), "OAuth #{fields.join(', ')}")
  raise NotImplemented unless METHODS.include?(made.options[:signature_method])
  secrets = { consumer_secret: given['private_key_pem'] || given['client_secret'], token_secret: given['token_secret'] }
  made.valid?(secrets) ? 'valid' : 'invalid'
end

ANSWERS = {
  'percent-encode' => ->(given) { Header.escape(given['input'] || [given['input_hex']].pack('H*').force_encoding('UTF-8')) },
  'percent-decode' => ->(given) { Header.unescape(given['input']) },
  'base-string-uri' => method(:base_string_uri),
  'parameter-normalization' => method(:normalize),
  'base-string' => method(:base_string),
  'hmac-sha1' => method(:signature_of_base_string),
  'rsa-sha1' => method(:signature_of_base_string),
  'plaintext' => ->(given) { signature_of_base_string(given.merge('base_string' => '')) },
  'sign-request' => method(:sign_request),
  'verify-request' => method(:verify_request)
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
