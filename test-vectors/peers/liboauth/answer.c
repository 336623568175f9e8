/* liboauth behind the line protocol of ../../README.md.
 *
 *     apt-get install liboauth-dev
 *     cc -o answer answer.c -loauth
 *
 * Its own functions are called the way its users call them; nothing it lacks is added. Each line is
 * answered by a process of its own, for some bad input ends the process.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include <oauth.h>

#include "json.h"

struct list { int count; char **items; }; /* as liboauth has them: the URL, then name=value */

static const char *id;

/* The only ways to end an answer. */
static void end(void) { puts("}"); fflush(stdout); _exit(0); }
static void start(void) { printf("{\"id\":"); json_print(id); putchar(','); }
static void not_implemented(void) { start(); printf("\"not_implemented\":true"); end(); }
static void refuse(const char *reason) { start(); printf("\"refused\":"); json_print(reason); end(); }

static void output(const char *text)
{
    if (!text) refuse("NULL");
    start();
    printf(json_is_utf8(text) ? "\"output\":" : "\"came\":");
    json_print(json_is_utf8(text) ? text : "octets that are not UTF-8");
    end();
}

static char *joined(const char *first, const char *between, const char *last)
{
    char *text = malloc(strlen(first) + strlen(between) + strlen(last) + 1);
    return strcat(strcat(strcpy(text, first), between), last);
}

static char *unhex(const char *digits, size_t *length)
{
    char *octets = calloc(1, strlen(digits) / 2 + 1);
    for (*length = 0; digits[*length * 2]; ++*length) {
        char pair[3] = {digits[*length * 2], digits[*length * 2 + 1], 0};
        octets[*length] = (char)strtol(pair, NULL, 16);
    }
    return octets;
}

static const char *or_empty(const char *text) { return text ? text : ""; }

/* It is handed the parameters of a form; whether a body is one, its user decides. */
static int is_form(struct json *given)
{
    const char *type = or_empty(json_text(given, "content_type")), *form = "application/x-www-form-urlencoded";
    if (strncasecmp(type, form, strlen(form))) return 0;
    type += strlen(form);
    while (isspace((unsigned char)*type)) type++;
    return !*type || *type == ';';
}

/* URL, query and form taken apart as oauth_sign_url2 does it: a form is appended to the URL. */
static struct list take_apart(struct json *given)
{
    struct list list = {0, NULL};
    char *url = json_text(given, "url");
    if (is_form(given)) {
        url = joined(url, strchr(url, '?') ? "&" : "?", json_text(given, "body"));
        list.count = oauth_split_post_paramters(url, &list.items, 0);
    } else {
        list.count = oauth_split_url_parameters(url, &list.items);
    }
    if (!list.count) refuse("nothing in the URL");
    return list;
}

static int among(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name)) names++;
    return *names != NULL;
}

static const char *const UNSIGNED[] = {"realm", "oauth_signature", NULL};
static const char *const APART[] = {"realm", "oauth_signature", "oauth_consumer_key", "oauth_token", "oauth_signature_method", NULL};

static void add(struct list *list, struct json *pairs, const char *const *leave_out)
{
    for (struct json *pair = pairs ? pairs->child : NULL; pair; pair = pair->next) {
        struct json *name = pair->child, *value = name->next;
        if (name->length != strlen(name->text) || value->length != strlen(value->text)) not_implemented(); /* NUL */
        if (!among(name->text, leave_out)) oauth_add_param_to_array(&list->count, &list->items, joined(name->text, "=", value->text));
    }
}

static char *normalized(struct list list)
{
    qsort(&list.items[1], (size_t)list.count - 1, sizeof(char *), oauth_cmpstringp);
    return oauth_serialize_url_parameters(list.count, list.items);
}

static char *base_string(struct json *given)
{
    struct list list = take_apart(given);
    add(&list, json_get(given, "oauth_params"), UNSIGNED);
    char *method = json_text(given, "method");
    for (char *at = method; *at; at++) *at = (char)toupper((unsigned char)*at); /* as oauth_sign_array2_process does */
    return oauth_catenc(3, method, list.items[0], normalized(list));
}

static char *sent(struct json *given, const char *name)
{
    struct json *pairs = json_get(given, "oauth_params");
    for (struct json *pair = pairs->child; pair; pair = pair->next)
        if (!strcmp(pair->child->text, name)) return pair->child->next->text;
    return NULL;
}

/* As Debian builds it, with NSS, it reads PKCS#8 alone. */
static char *private_key(struct json *given)
{
    char *key = json_text(given, "private_key_pem");
    if (!strstr(key, "BEGIN PRIVATE KEY")) not_implemented();
    return key;
}

static void sign_request(struct json *given)
{
    const char *always[] = {"oauth_consumer_key", "oauth_signature_method", "oauth_timestamp", "oauth_nonce", "oauth_version"};
    for (int i = 0; i < 5; i++)
        if (!sent(given, always[i])) not_implemented(); /* it would add them */
    const char *method = sent(given, "oauth_signature_method"), *names[] = {"HMAC-SHA1", "RSA-SHA1", "PLAINTEXT"};
    OAuthMethod methods[] = {OA_HMAC, OA_RSA, OA_PLAINTEXT};
    int which = 0;
    while (which < 3 && strcmp(method, names[which])) which++;
    if (which == 3) not_implemented();

    const char *secret = methods[which] == OA_RSA ? private_key(given) : json_text(given, "client_secret");
    struct list list = take_apart(given);
    add(&list, json_get(given, "oauth_params"), APART);
    char *post = NULL;
    oauth_sign_array2_process(&list.count, &list.items, is_form(given) ? &post : NULL, methods[which], json_text(given, "method"),
                              sent(given, "oauth_consumer_key"), secret, sent(given, "oauth_token"),
                              methods[which] == OA_RSA ? NULL : json_text(given, "token_secret"));
    char *signature = NULL;
    for (int i = 0; i < list.count; i++)
        if (!strncmp(list.items[i], "oauth_signature=", 16)) signature = list.items[i] + 16;
    if (!signature) refuse("no signature");
    /* Its manual leaves scheme and realm of the header to its users. */
    char *header = oauth_serialize_url_sep(list.count, 1, list.items, ", ", 6);
    char *realm = json_text(given, "realm");
    header = realm ? joined(joined("OAuth realm=\"", realm, "\", "), "", header) : joined("OAuth ", "", header);
    start();
    printf("\"output\":{\"base_string\":");
    json_print(base_string(given));
    printf(",\"signature\":");
    json_print(signature);
    printf(",\"authorization_header\":");
    json_print(header);
    putchar('}');
    end();
}

static void hmac_sha1(struct json *given)
{
    if (json_text(given, "base_string"))
        output(oauth_sign_hmac_sha1(json_text(given, "base_string"),
                                    oauth_catenc(2, json_text(given, "client_secret"), json_text(given, "token_secret"))));
    if (json_get(given, "tag_bytes")) not_implemented(); /* it makes whole tags */
    size_t key_length, data_length, tag_length;
    char *key = unhex(json_text(given, "key_hex"), &key_length), *data = unhex(json_text(given, "data_hex"), &data_length);
    char *tag = unhex(json_text(given, "tag_hex"), &tag_length);
    char *made = oauth_sign_hmac_sha1_raw(data, data_length, key, key_length);
    output(oauth_time_independent_equals(made, oauth_encode_base64((int)tag_length, (unsigned char *)tag)) ? "valid" : "invalid");
}

static void rsa_sha1(struct json *given)
{
    char *base = json_text(given, "base_string");
    if (!json_text(given, "private_key_pem")) not_implemented(); /* as Debian builds it, it reads certificates and no public keys */
    output(oauth_sign_rsa_sha1(base, private_key(given)));
}

static void normalize(struct json *given)
{
    struct list list = {0, NULL};
    char *form = json_text(given, "form");
    list.count = oauth_split_url_parameters(joined("http://x/", form ? "?" : "", or_empty(form)), &list.items);
    add(&list, json_get(given, "params"), UNSIGNED + 1);
    output(normalized(list));
}

static void answer(struct json *given)
{
    const char *kind = or_empty(json_text(given, "kind"));
    struct json *input = json_get(given, "input");
    if (input && input->length != strlen(input->text)) not_implemented(); /* NUL ends its strings */
    if (!strcmp(kind, "percent-encode") && input) output(oauth_url_escape(input->text));
    if (!strcmp(kind, "percent-decode")) output(oauth_url_unescape(input->text, NULL));
    if (!strcmp(kind, "base-string-uri") && !json_get(given, "host_header")) output(take_apart(given).items[0]);
    if (!strcmp(kind, "parameter-normalization")) normalize(given);
    if (!strcmp(kind, "base-string")) output(base_string(given));
    if (!strcmp(kind, "hmac-sha1")) hmac_sha1(given);
    if (!strcmp(kind, "rsa-sha1")) rsa_sha1(given);
    if (!strcmp(kind, "plaintext"))
        output(oauth_sign_plaintext("", oauth_catenc(2, json_text(given, "client_secret"), json_text(given, "token_secret"))));
    if (!strcmp(kind, "body-hash") && !strcmp(json_text(given, "algorithm"), "sha1")) {
        struct json *body = json_get(given, "body");
        output(oauth_body_hash_data(body->length, body->text) + strlen("oauth_body_hash="));
    }
    if (!strcmp(kind, "sign-request")) sign_request(given);
    not_implemented();
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        struct json given = {0};
        int status;
        json_value(line, &given);
        id = or_empty(json_text(&given, "id"));
        pid_t child = fork();
        if (!child) answer(&given);
        waitpid(child, &status, 0);
        if (WIFSIGNALED(status)) {
            start();
            printf("\"crashed\":\"signal %d\"}\n", WTERMSIG(status));
            fflush(stdout);
        }
    }
    return 0;
}
