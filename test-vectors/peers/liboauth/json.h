/* As much JSON as the line protocol needs. Nothing is ever freed: a process answers one line. */

#ifndef JSON_H
#define JSON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json {
    char type;          /* 'o'bject, 'a'rray, 's'tring, or another value */
    char *name;         /* in an object */
    char *text;         /* of a string */
    size_t length;      /* of the text, which may hold NUL */
    struct json *child; /* the first of an object or array */
    struct json *next;
};

static const char *json_skip(const char *at)
{
    while (*at && strchr(" \t\r\n,:", *at)) at++;
    return at;
}

static size_t json_utf8(unsigned long code, char *to)
{
    if (code < 0x80) { to[0] = (char)code; return 1; }
    if (code < 0x800) { to[0] = (char)(0xC0 | code >> 6); to[1] = (char)(0x80 | (code & 63)); return 2; }
    if (code < 0x10000) {
        to[0] = (char)(0xE0 | code >> 12); to[1] = (char)(0x80 | (code >> 6 & 63)); to[2] = (char)(0x80 | (code & 63));
        return 3;
    }
    to[0] = (char)(0xF0 | code >> 18); to[1] = (char)(0x80 | (code >> 12 & 63));
    to[2] = (char)(0x80 | (code >> 6 & 63)); to[3] = (char)(0x80 | (code & 63));
    return 4;
}

static unsigned long json_hex(const char *at)
{
    char digits[5] = {0};
    memcpy(digits, at, 4);
    return strtoul(digits, NULL, 16);
}

/* Reads the string that starts after the quote at `at`. */
static const char *json_string(const char *at, char **text, size_t *length)
{
    char *to = *text = malloc(strlen(at) + 1);
    while (*at && *at != '"') {
        if (*at != '\\') { *to++ = *at++; continue; }
        at++;
        if (*at == 'u') {
            unsigned long code = json_hex(at + 1);
            at += 5;
            if (code >= 0xD800 && code < 0xDC00 && at[0] == '\\' && at[1] == 'u') {
                code = 0x10000 + ((code - 0xD800) << 10) + (json_hex(at + 2) - 0xDC00);
                at += 6;
            }
            to += json_utf8(code, to);
        } else {
            const char *known = strchr("n\nr\rt\tb\bf\f", *at);
            *to++ = known ? known[1] : *at;
            at++;
        }
    }
    *to = 0;
    *length = (size_t)(to - *text);
    return *at ? at + 1 : at;
}

static const char *json_value(const char *at, struct json *value)
{
    at = json_skip(at);
    if (*at == '"') {
        value->type = 's';
        return json_string(at + 1, &value->text, &value->length);
    }
    if (*at != '{' && *at != '[') {
        value->type = *at;
        while (*at && !strchr(" \t\r\n,:]}", *at)) at++;
        return at;
    }
    value->type = *at == '{' ? 'o' : 'a';
    struct json **last = &value->child;
    at = json_skip(at + 1);
    while (*at && *at != '}' && *at != ']') {
        struct json *child = calloc(1, sizeof *child);
        size_t length;
        if (value->type == 'o') at = json_string(at + 1, &child->name, &length);
        at = json_skip(json_value(at, child));
        *last = child;
        last = &child->next;
    }
    return *at ? at + 1 : at;
}

static struct json *json_get(struct json *object, const char *name)
{
    for (struct json *child = object->child; child; child = child->next)
        if (child->name && !strcmp(child->name, name)) return child;
    return NULL;
}

/* The text of a field, or NULL where there is none. */
static char *json_text(struct json *object, const char *name)
{
    struct json *child = json_get(object, name);
    return child && child->type == 's' ? child->text : NULL;
}

static int json_is_utf8(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        int more = *at < 0x80 ? 0 : *at >= 0xC2 && *at < 0xE0 ? 1 : *at >= 0xE0 && *at < 0xF0 ? 2 : *at >= 0xF0 && *at < 0xF5 ? 3 : -1;
        if (more < 0) return 0;
        for (at++; more; more--, at++)
            if ((*at & 0xC0) != 0x80) return 0;
    }
    return 1;
}

static void json_print(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20) printf("\\u%04x", *text);
        else { if (strchr("\"\\", *text)) putchar('\\'); putchar(*text); }
    }
    putchar('"');
}

#endif
