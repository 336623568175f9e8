#!/usr/bin/perl
# Perl's Net::OAuth behind the line protocol of ../../README.md.
#
#     apt-get install libnet-oauth-perl libcrypt-openssl-rsa-perl
#
# Its own functions are called the way its users call them; nothing it lacks is added.

use strict;
use warnings;

use Crypt::OpenSSL::RSA;
use JSON::PP;
use MIME::Base64;
use Net::OAuth;
use Net::OAuth::Message;
use Net::OAuth::SignatureMethod::HMAC_SHA1;
use Net::OAuth::SignatureMethod::HMAC_SHA256;
use Net::OAuth::SignatureMethod::PLAINTEXT;
use Net::OAuth::SignatureMethod::RSA_SHA1;
use URI;

my $NOT_IMPLEMENTED = "not implemented\n";
my %CLASS = (
    'hmac-sha1' => 'HMAC_SHA1', 'hmac-sha256' => 'HMAC_SHA256',
    'rsa-sha1' => 'RSA_SHA1', 'plaintext' => 'PLAINTEXT',
);

my %answers = (
    'percent-encode' => sub { Net::OAuth::Message::encode($_[0]{input} // pack('H*', $_[0]{input_hex})) },
    'percent-decode' => sub { my $octets = Net::OAuth::Message::decode($_[0]{input}); utf8::decode($octets); $octets },
    'base-string-uri' => \&base_string_uri,
    'base-string' => sub { request($_[0])->signature_base_string },
    'sign-request' => \&sign_request,
    'verify-request' => \&verify_request,
);

# What the signature methods ask of a message, for cases that give it directly.
package Given {
    sub signature_base_string { $_[0]{base_string} }
    sub signature { $_[0]{signature} }
    sub signature_key { $_[0]{key} // Net::OAuth::Request::signature_key($_[0]) }
    sub consumer_secret { $_[0]{client_secret} }
    sub token_secret { $_[0]{token_secret} }
    sub get { undef }
}

sub given_signature {
    my ($case) = @_;
    my $class = 'Net::OAuth::SignatureMethod::' . ($CLASS{$case->{kind}} // die $NOT_IMPLEMENTED);
    my %given = (%$case, base_string => $case->{base_string} // '');
    if (defined $case->{key_hex}) {
        die $NOT_IMPLEMENTED if $case->{tag_bytes};    # it compares whole tags
        $given{$_->[0]} = pack 'H*', $case->{$_->[1]} for ['key', 'key_hex'], ['base_string', 'data_hex'];
        $given{signature} = encode_base64(pack('H*', $case->{tag_hex}), '');
        return verdict($class->verify(bless \%given, 'Given'));
    }
    die $NOT_IMPLEMENTED if $case->{modulus_hex};
    if (defined $case->{published} && !defined $case->{private_key_pem}) {
        my $key = Crypt::OpenSSL::RSA->new_public_key($case->{public_key_pem});
        $given{signature} = $case->{published};
        return verdict($class->verify((bless \%given, 'Given'), $key));
    }
    my @key = defined $case->{private_key_pem} ? private_key($case) : ();
    return $class->sign((bless \%given, 'Given'), @key);
}

sub verdict { $_[0] ? 'valid' : 'invalid' }

sub private_key {
    my $key = Crypt::OpenSSL::RSA->new_private_key($_[0]{private_key_pem});
    $key->use_sha1_hash;
    return $key;
}

# The class of message that has these parameters, if Net::OAuth knows one.
sub class_for {
    my ($given) = @_;
    die $NOT_IMPLEMENTED if grep { !defined $given->{"oauth_$_"} } qw(consumer_key signature_method timestamp nonce);
    my @options = (protocol_version => Net::OAuth::PROTOCOL_VERSION_1_0A);
    my $type = exists $given->{oauth_callback} ? 'request token'
        : exists $given->{oauth_verifier} ? 'access token'
        : exists $given->{oauth_token} ? 'protected resource' : 'consumer';
    my $class = Net::OAuth->request($type);
    my $versioned = $class->get_versioned_class({@options});
    for my $name (grep { s/^oauth_// } map { "$_" } keys %$given) {
        die $NOT_IMPLEMENTED unless grep { $_ eq $name } @{ $versioned->all_message_params };
    }
    return ($class, @options);
}

sub form { my $uri = URI->new('http://x/'); $uri->query($_[0]); my @form = $uri->query_form; utf8::decode($_) for @form; @form }

# It is handed the parameters of a form; whether a body is one, its user decides.
sub is_form { ($_[0]{content_type} // '') =~ m{^application/x-www-form-urlencoded\s*(?:;|$)}i }

sub api {
    my ($case) = @_;
    return (
        request_url => $case->{url}, request_method => $case->{method},
        consumer_secret => $case->{client_secret} // '', token_secret => $case->{token_secret} // '',
    );
}

sub request {
    my ($case) = @_;
    # Its parameters are a hash, so of pairs with one name the last stays.
    my %given = map { @$_ } grep { $_->[0] !~ /^(?:realm|oauth_signature)$/ } @{ $case->{oauth_params} };
    my ($class, @options) = class_for(\%given);
    my %extra = is_form($case) ? form($case->{body}) : ();
    return $class->from_hash({ %extra, %given }, api($case), @options);
}

sub sign_request {
    my ($case) = @_;
    my $request = request($case);
    $request->sign($request->signature_method =~ /^RSA/ ? private_key($case) : ());
    return {
        base_string => $request->signature_base_string,
        signature => $request->signature,
        authorization_header => $request->to_authorization_header($case->{realm}, ', '),
    };
}

sub base_string_uri {
    my ($case) = @_;
    die $NOT_IMPLEMENTED if defined $case->{host_header};    # it is given a URL, no header
    my %message = map { $_ => 'x' } qw(consumer_key consumer_secret timestamp nonce);
    my $request = Net::OAuth->request('consumer')
        ->new(%message, signature_method => 'PLAINTEXT', request_method => 'GET', request_url => $case->{url});
    return '' . $request->normalized_request_url;
}

sub verify_request {
    my ($case) = @_;
    my @pairs = @{ $case->{oauth_params} };
    my $query = URI->new($case->{url})->query // '';
    my @carried = @pairs ? map { @$_ } @pairs : form(is_form($case) && $query !~ /oauth_/ ? $case->{body} : $query);
    my ($class, @options) = class_for({ oauth_prefixed(@carried), oauth_signature => 1 });
    my $message;
    if (@pairs) {
        push @pairs, ['oauth_signature', $case->{signature}];
        my $header = 'OAuth ' . join ', ',
            (defined $case->{realm} ? qq{realm="$case->{realm}"} : ()),
            map { sprintf '%s="%s"', map { Net::OAuth::Message::encode($_) } @$_ } @pairs;
        my %extra = is_form($case) ? (extra_params => { form($case->{body}) }) : ();
        $message = $class->from_authorization_header($header, api($case), %extra, @options);
    } else {
        # As its manual does on a server: the parameters apart, the URL without its query.
        my %given = (@carried, oauth_signature => $case->{signature});
        (my $url = $case->{url}) =~ s/\?.*//s;
        $message = $class->from_hash(\%given, api($case), request_url => $url, @options);
    }
    my @key;
    if ($message->signature_method =~ /^RSA/) {
        die $NOT_IMPLEMENTED unless defined $case->{public_key_pem};
        @key = Crypt::OpenSSL::RSA->new_public_key($case->{public_key_pem});
    }
    return verdict($message->verify(@key));
}

sub oauth_prefixed { my %all = @_; map { $_ => $all{$_} } grep { /^oauth_/ } keys %all }

sub answer {
    my ($case) = @_;
    my $compute = $answers{$case->{kind}} // \&given_signature;
    my $output = eval { $compute->($case) };
    my $error = $@;
    return (output => $output) if defined $output;
    return (not_implemented => JSON::PP::true) if $error eq $NOT_IMPLEMENTED || $error =~ /Unable to load .* plugin/;
    return (refused => $error);
}

$| = 1;
$Net::OAuth::SKIP_UTF8_DOUBLE_ENCODE_CHECK = 1;
my $json = JSON::PP->new->utf8->canonical;
while (my $line = <STDIN>) {
    my $case = $json->decode($line);
    print $json->encode({ id => $case->{id}, answer($case) }), "\n";
}
