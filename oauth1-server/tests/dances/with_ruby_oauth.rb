# Ruby's oauth through the three legs, as its README has it.
#
#     apt-get install ruby-oauth

require 'json'
require 'oauth'
require 'open3'
require 'uri'

site, callback = ENV.fetch('OAUTH1_SITE'), ENV.fetch('OAUTH1_CALLBACK')
consumer = OAuth::Consumer.new(
  ENV.fetch('OAUTH1_APP_KEY'), ENV.fetch('OAUTH1_APP_SECRET'),
  site: site, request_token_path: '/oauth/initiate', authorize_path: '/oauth/authorize',
  access_token_path: '/oauth/token'
)
request_token = consumer.get_request_token(oauth_callback: callback)
raise 'the callback was not confirmed' unless request_token.callback_confirmed?

url = request_token.authorize_url(oauth_callback: callback)
answer, status = Open3.capture2('python3', ENV.fetch('OAUTH1_APPROVE'), url)
raise 'nobody has approved' unless status.success?

answer = answer.chomp
verifier = callback == 'oob' ? answer : URI.decode_www_form(URI(answer).query).to_h.fetch('oauth_verifier')
hash = { oauth_token: request_token.token, oauth_token_secret: request_token.secret }
access_token = OAuth::RequestToken.from_hash(consumer, hash).get_access_token(oauth_verifier: verifier)

echo = access_token.get('/echo?page=2')
raise "#{echo.code}: #{echo.body}" unless echo.code == '200'

puts JSON.generate(temporary: request_token.token, token: access_token.token, echo: JSON.parse(echo.body))
