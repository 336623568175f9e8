#!/usr/bin/perl
# Perl's WWW::OAuth behind the line protocol of ../../README.md.
#
#     apt-get install libwww-oauth-perl libcrypt-openssl-rsa-perl
#
# Its own functions are called the way its users call them; nothing it lacks is added. Of RSA it
# knows that its user has an object with a method "sign".

use strict;
use warnings;

use Crypt::OpenSSL::RSA;
use JSON::PP;
use MIME::Base64;
use URI::Escape 'uri_escape_utf8';
use WWW::OAuth;
use WWW::OAuth::Util qw(form_urldecode oauth_request);

my $NOT_IMPLEMENTED = "not implemented\n";
my @ADDED = map { "oauth_$_" } qw(consumer_key nonce signature_method timestamp version);
my %KNOWN = map { $_ => 1 } qw(HMAC-SHA1 RSA-SHA1 PLAINTEXT);

my %answers = (
    'base-string-uri' => \&base_string_uri,
    'parameter-normalization' => \&normalize,
    'base-string' => sub { WWW::OAuth::_signature_base_string(request($_[0]), { sent($_[0]) }) },
    'hmac-sha1' => sub { $_[0]{base_string} // die $NOT_IMPLEMENTED; client($_[0], 'HMAC-SHA1')->signer->(@{$_[0]}{qw(base_string client_secret token_secret)}) },
    'plaintext' => sub { client($_[0], 'PLAINTEXT')->signer->('', @{$_[0]}{qw(client_secret token_secret)}) },
    'sign-request' => \&sign_request,
);

package Rsa {
    sub new { my ($class, $pem) = @_; my $key = Crypt::OpenSSL::RSA->new_private_key($pem); $key->use_pkcs1_padding; $key->use_sha1_hash; bless \$key, $class }
    sub sign { MIME::Base64::encode_base64(${$_[0]}->sign($_[1]), '') }
}

sub client {
    my ($case, $method, %params) = @_;
    return WWW::OAuth->new(
        client_id => $params{oauth_consumer_key} // '',
        client_secret => $case->{client_secret} // '',
        (map { defined $params{oauth_token} ? (token => $params{oauth_token}) : () } 1),
        token_secret => $case->{token_secret},
        signature_method => $method,
        ($method eq 'RSA-SHA1' ? (signer => Rsa->new($case->{private_key_pem})) : ()),
    );
}

sub request {
    my ($case) = @_;
    return oauth_request({
        method => $case->{method}, url => $case->{url}, content => $case->{body} // '',
        headers => { defined $case->{content_type} ? ('Content-Type' => $case->{content_type}) : () },
    });
}

sub sent {
    my ($case) = @_;
    my @pairs = grep { $_->[0] ne 'realm' && $_->[0] ne 'oauth_signature' } @{$case->{oauth_params}};
    my %once = map { @$_ } @pairs;
    die $NOT_IMPLEMENTED if keys %once != @pairs;
    return %once;
}

sub sign_request {
    my ($case) = @_;
    my %params = sent($case);
    my $method = $params{oauth_signature_method} // '';
    die $NOT_IMPLEMENTED unless $KNOWN{$method};
    die $NOT_IMPLEMENTED if grep { !defined $params{$_} } @ADDED;    # it sends all of these
    die $NOT_IMPLEMENTED if grep { !/^oauth_/ } keys %params;
    my $base_string = $method eq 'PLAINTEXT' ? undef : WWW::OAuth::_signature_base_string(request($case), \%params);
    my %extra = (%params, defined $case->{realm} ? (realm => $case->{realm}) : ());
    my $header = client($case, $method, %params)->authorization_header(request($case), \%extra);
    my ($signature) = $header =~ /oauth_signature="([^"]*)"/;
    return { base_string => $base_string, signature => URI::Escape::uri_unescape($signature), authorization_header => $header };
}

sub part {
    my ($index, $case) = @_;
    my $base = WWW::OAuth::_signature_base_string(request($case), {});
    return URI::Escape::uri_unescape((split /&/, $base, -1)[$index]);
}

sub base_string_uri {
    my ($case) = @_;
    die $NOT_IMPLEMENTED if defined $case->{host_header};    # it is given a URL, no header
    return part(1, { %$case, method => 'GET' });
}

sub normalize {
    my ($case) = @_;
    die $NOT_IMPLEMENTED unless defined $case->{form};
    return part(2, { method => 'GET', url => "http://x/?$case->{form}" });
}

sub answer {
    my ($case) = @_;
    my $compute = $answers{$case->{kind}} // return (not_implemented => JSON::PP::true);
    my $output = eval { $compute->($case) };
    my $error = $@;
    return (output => $output) if defined $output;
    return (not_implemented => JSON::PP::true) if $error eq $NOT_IMPLEMENTED;
    return (refused => "$error");
}

$| = 1;
my $json = JSON::PP->new->utf8->canonical;
while (my $line = <STDIN>) {
    my $case = $json->decode($line);
    print $json->encode({ id => $case->{id}, answer($case) }), "\n";
}
