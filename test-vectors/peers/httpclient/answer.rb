# The OAuthClient of Ruby's httpclient behind the line protocol of ../../README.md.
#
#     apt-get install ruby-httpclient
#
# Its own functions are called the way its users call them; nothing it lacks is added. A request is
# built and authorized as request() does it, and not sent.

require 'cgi'
require 'json'
require 'httpclient'
require 'oauthclient'

NotImplemented = Class.new(StandardError)
OPTIONS = %w[consumer_key token signature_method version callback verifier session_handle].freeze

# Remembers the base string that was made last.
HTTPClient::OAuth.prepend(Module.new { def create_base_string(*) = $base_string = super })

def authorized(given, params)
  client = OAuthClient.new
  config = client.oauth_config
  OPTIONS.each { |name| config.send("#{name}=", params["oauth_#{name}"]) }
  config.consumer_secret, config.secret, config.realm = given.values_at('client_secret', 'token_secret', 'realm')
  config.debug_timestamp, config.debug_nonce = params.values_at('oauth_timestamp', 'oauth_nonce')
  headers = given['content_type'] ? { 'Content-Type' => given['content_type'] } : {}
  request = client.send(:create_request, given['method'], HTTPClient::Util.urify(given['url']), nil, given['body'], headers)
  $base_string = nil
  client.www_auth.oauth.get(request)
end

def sign_request(given)
  params = given['oauth_params'].reject { |name, _| %w[realm oauth_signature].include?(name) }.to_h
  # It sends all of the first, and none but those of the second.
  raise NotImplemented unless %w[oauth_consumer_key oauth_signature_method oauth_timestamp oauth_nonce].all? { |name| params.key?(name) }
  raise NotImplemented unless (params.keys - OPTIONS.map { |name| "oauth_#{name}" } - %w[oauth_timestamp oauth_nonce]).empty?
  raise NotImplemented unless params['oauth_signature_method'] == 'HMAC-SHA1'
  raise NotImplemented if given['body'] && !given['content_type'] # it gives it a type
  header = authorized(given, params)
  { base_string: $base_string, signature: CGI.unescape(header[/oauth_signature="([^"]*)"/, 1]), authorization_header: "OAuth #{header}" }
end

ANSWERS = {
  'percent-encode' => ->(given) { HTTPClient::OAuth.escape(given['input'] || [given['input_hex']].pack('H*')) },
  'base-string' => ->(given) { sign_request(given.merge('client_secret' => '', 'token_secret' => ''))[:base_string] },
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

$stdout.sync = true
$stdin.each_line do |text|
  given = JSON.parse(text)
  puts JSON.generate({ id: given['id'], **answer(given) })
end
