// Java's signpost behind the line protocol of ../../README.md.
//
//     apt-get install liboauth-signpost-java libgoogle-gson-java default-jdk-headless
//     java -cp /usr/share/java/signpost-core.jar:/usr/share/java/commons-codec.jar:/usr/share/java/gson.jar Answer.java
//
// Its own functions are called the way its users call them; nothing it lacks is added. What is sent
// is pinned by its "additional parameters", which come before those it makes itself.

import com.google.gson.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import oauth.signpost.OAuth;
import oauth.signpost.basic.DefaultOAuthConsumer;
import oauth.signpost.http.*;
import oauth.signpost.signature.*;

public class Answer {
    static class NotImplemented extends Exception {}

    static final Set<String> ADDED = Set.of("oauth_consumer_key", "oauth_signature_method", "oauth_timestamp", "oauth_nonce", "oauth_version");

    static String text(JsonObject given, String name) {
        return given.has(name) && !given.get(name).isJsonNull() ? given.get(name).getAsString() : null;
    }

    /** A request as the adapters for HTTP clients show it. */
    static class Request implements HttpRequest {
        final String method, url, body, type;
        final Map<String, String> headers = new HashMap<>();

        Request(JsonObject given) {
            method = given.has("method") ? text(given, "method") : "GET";
            url = text(given, "url");
            body = text(given, "body");
            type = text(given, "content_type");
        }

        public String getMethod() { return method; }
        public String getRequestUrl() { return url; }
        public void setRequestUrl(String url) { throw new UnsupportedOperationException(); }
        public void setHeader(String name, String value) { headers.put(name, value); }
        public String getHeader(String name) { return headers.get(name); }
        public Map<String, String> getAllHeaders() { return headers; }
        public String getContentType() { return type; }
        public Object unwrap() { return this; }
        public InputStream getMessagePayload() {
            return body == null ? null : new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8));
        }
    }

    static class Keeper extends HmacSha1MessageSigner {
        String baseString;

        @Override
        public String sign(HttpRequest request, HttpParameters parameters) throws oauth.signpost.exception.OAuthMessageSignerException {
            baseString = new SignatureBaseString(request, parameters).generate();
            return super.sign(request, parameters);
        }
    }

    static JsonObject signRequest(JsonObject given, boolean baseStringOnly) throws Exception {
        HttpParameters sent = new HttpParameters();
        String token = null;
        for (JsonElement pair : given.getAsJsonArray("oauth_params")) {
            String name = pair.getAsJsonArray().get(0).getAsString(), value = pair.getAsJsonArray().get(1).getAsString();
            if (name.equals("realm")) continue;
            if (!name.startsWith("oauth_") || sent.containsKey(name)) throw new NotImplemented();
            if (name.equals("oauth_signature")) continue;
            if (name.equals("oauth_token")) token = value;
            sent.put(name, value, true);
        }
        String method = sent.getFirst("oauth_signature_method", true);
        boolean plain = "PLAINTEXT".equals(method) && !baseStringOnly;
        if (!sent.keySet().containsAll(ADDED)) throw new NotImplemented(); // it adds what is missing
        if (!plain && !"HMAC-SHA1".equals(method) && !baseStringOnly) throw new NotImplemented();
        String realm = text(given, "realm");
        if (realm != null) sent.put("realm", realm);
        DefaultOAuthConsumer consumer = new DefaultOAuthConsumer(sent.getFirst("oauth_consumer_key", true), Objects.toString(text(given, "client_secret"), ""));
        Keeper keeper = new Keeper();
        consumer.setMessageSigner(plain ? new PlainTextMessageSigner() : keeper);
        consumer.setTokenWithSecret(token, Objects.toString(text(given, "token_secret"), ""));
        consumer.setAdditionalParameters(sent);
        Request request = new Request(given);
        consumer.sign((HttpRequest) request);
        String header = request.getHeader(OAuth.HTTP_AUTHORIZATION_HEADER);
        JsonObject made = new JsonObject();
        made.addProperty("base_string", keeper.baseString);
        made.addProperty("signature", OAuth.percentDecode(OAuth.oauthHeaderToParamsMap(header).getFirst("oauth_signature")));
        made.addProperty("authorization_header", header);
        return made;
    }

    static String baseStringUri(JsonObject given) throws Exception {
        if (given.has("host_header")) throw new NotImplemented(); // it is given a URL, no header
        return new SignatureBaseString(new Request(given), new HttpParameters()).normalizeRequestUrl();
    }

    static String normalize(JsonObject given) throws Exception {
        HttpParameters params = new HttpParameters();
        if (given.has("form")) {
            params.putAll(OAuth.decodeForm(text(given, "form")), true);
        } else {
            for (JsonElement pair : given.getAsJsonArray("params")) params.put(pair.getAsJsonArray().get(0).getAsString(), pair.getAsJsonArray().get(1).getAsString(), true);
        }
        return new SignatureBaseString(new Request(given), params).normalizeRequestParameters();
    }

    static String plaintext(JsonObject given) throws Exception {
        PlainTextMessageSigner signer = new PlainTextMessageSigner();
        signer.setConsumerSecret(text(given, "client_secret"));
        signer.setTokenSecret(text(given, "token_secret"));
        return signer.sign(null, null);
    }

    static String percentEncode(JsonObject given) {
        if (given.has("input")) return OAuth.percentEncode(text(given, "input"));
        return OAuth.percentEncode(new String(new java.math.BigInteger("01" + text(given, "input_hex"), 16).toByteArray(), 1, text(given, "input_hex").length() / 2, StandardCharsets.UTF_8));
    }

    static JsonElement output(JsonObject given) throws Exception {
        switch (text(given, "kind")) {
            case "percent-encode": return new JsonPrimitive(percentEncode(given));
            case "percent-decode": return new JsonPrimitive(OAuth.percentDecode(text(given, "input")));
            case "base-string-uri": return new JsonPrimitive(baseStringUri(given));
            case "parameter-normalization": return new JsonPrimitive(normalize(given));
            case "base-string": return signRequest(given, true).get("base_string");
            case "plaintext": return new JsonPrimitive(plaintext(given));
            case "sign-request": return signRequest(given, false);
            default: throw new NotImplemented();
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        Gson gson = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonObject given = JsonParser.parseString(line).getAsJsonObject(), answer = new JsonObject();
            answer.add("id", given.get("id"));
            try {
                answer.add("output", output(given));
            } catch (NotImplemented none) {
                answer.addProperty("not_implemented", true);
            } catch (Exception error) {
                answer.addProperty("refused", error.toString());
            }
            out.println(gson.toJson(answer));
        }
    }
}
