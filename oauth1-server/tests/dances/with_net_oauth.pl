#!/usr/bin/perl
# Perl's Net::OAuth through the three legs, as the documentation of Net::OAuth::Client has it. It
# sends everything in the query.
#
#     apt-get install libnet-oauth-perl

use strict;
use warnings;

use JSON::PP;
use Net::OAuth::Client;
use URI;

my ($site, $callback) = @ENV{qw(OAUTH1_SITE OAUTH1_CALLBACK)};
my %session;
my $client = Net::OAuth::Client->new(
    $ENV{OAUTH1_APP_KEY},
    $ENV{OAUTH1_APP_SECRET},
    site => $site,
    request_token_path => '/oauth/initiate',
    authorize_path => '/oauth/authorize',
    access_token_path => '/oauth/token',
    request_token_method => 'POST',
    access_token_method => 'POST',
    callback => $callback,
    session => sub { @_ > 1 ? $session{ $_[0] } = $_[1] : $session{ $_[0] } },
);
my $url = $client->authorize_url;

open my $person, '-|', 'python3', $ENV{OAUTH1_APPROVE}, $url or die "python3: $!";
chomp(my $answer = <$person> // '');
close $person or die "nobody has approved\n";
my ($temporary) = keys %session;
my $verifier = $answer;
if ($callback ne 'oob') {
    my %query = URI->new($answer)->query_form;
    ($temporary, $verifier) = @query{qw(oauth_token oauth_verifier)};
}

my $token = $client->get_access_token($temporary, $verifier);
my $echo = $token->get('/echo?page=2');
die $echo->status_line, ': ', $echo->decoded_content unless $echo->is_success;
print encode_json({ temporary => $temporary, token => $token->token, echo => decode_json($echo->content) });
