# R's httr behind the line protocol of ../../README.md.
#
#     apt-get install r-cran-httr r-cran-jsonlite
#
# Its own functions are called the way its users call them; nothing it lacks is added. Nonce and
# timestamp are pinned by giving oauth_signature() an environment in which the functions that make
# them are others; there its base string is kept, too.

suppressPackageStartupMessages({
  library(httr)
  library(jsonlite)
})
invisible(Sys.setlocale("LC_CTYPE", "C.UTF-8"))

not_implemented <- function() stop(structure(class = c("not_implemented", "error", "condition"), list(message = "", call = NULL)))

text <- function(hex) {
  starts <- seq(1, nchar(hex), 2)
  octets <- as.raw(strtoi(substring(hex, starts, starts + 1), 16))
  if (any(octets == 0)) not_implemented() # R's strings hold none
  made <- rawToChar(octets)
  Encoding(made) <- "UTF-8"
  made
}

# It adds all of these.
ADDED <- paste0("oauth_", c("consumer_key", "nonce", "signature_method", "timestamp", "version"))

signed <- function(given, secret) {
  names <- vapply(given$oauth_params, function(pair) pair[[1]], "")
  sent <- setNames(lapply(given$oauth_params, function(pair) pair[[2]]), names)
  sent <- sent[!names %in% c("realm", "oauth_signature")]
  if (anyDuplicated(names) || !all(ADDED %in% names) || !is.null(given$realm)) not_implemented()
  if (sent$oauth_version != "1.0" || !all(startsWith(names(sent), "oauth_"))) not_implemented()
  method <- sent$oauth_signature_method
  if (!method %in% c("HMAC-SHA1", "RSA-SHA1") || (method == "RSA-SHA1") != !is.null(given$private_key_pem)) not_implemented()
  time <- suppressWarnings(as.integer(sent$oauth_timestamp))
  if (is.na(time) || as.character(time) != sent$oauth_timestamp) not_implemented()

  kept <- new.env()
  pinned <- list(
    nonce = function(...) sent$oauth_nonce,
    Sys.time = function() time,
    sha1_hash = function(key, string, method) {
      kept$base_string <- string
      httr:::sha1_hash(key, string, method)
    }
  )
  sign <- oauth_signature
  environment(sign) <- list2env(pinned, parent = asNamespace("httr"))
  others <- sent[!names(sent) %in% c(ADDED, "oauth_token")]
  key <- if (!is.null(given$private_key_pem)) openssl::read_key(given$private_key_pem)
  app <- oauth_app("peer", key = sent$oauth_consumer_key, secret = secret)
  made <- sign(given$url, given$method, app, sent$oauth_token, given$token_secret, key, others)
  list(base_string = kept$base_string, signature = made$oauth_signature, authorization_header = oauth_header(made)$headers[["Authorization"]])
}

answers <- list(
  "percent-encode" = function(given) httr:::oauth_encode1(if (is.null(given[["input"]])) text(given$input_hex) else given[["input"]]),
  "base-string-uri" = function(given) {
    if (!is.null(given$host_header)) not_implemented() # it is given a URL, no header
    httr:::oauth_normalise_url(given$url)
  },
  "parameter-normalization" = function(given) {
    if (is.null(given$form)) not_implemented()
    httr:::oauth_normalize_params(paste0("http://x/?", given$form), list())
  },
  "base-string" = function(given) signed(given, "")$base_string,
  "sign-request" = function(given) signed(given, given$client_secret)
)

answer <- function(given) {
  compute <- answers[[given$kind]]
  if (is.null(compute)) return(list(id = given$id, not_implemented = TRUE))
  tryCatch(
    list(id = given$id, output = compute(given)),
    not_implemented = function(condition) list(id = given$id, not_implemented = TRUE),
    error = function(error) list(id = given$id, refused = conditionMessage(error))
  )
}

input <- file("stdin", "r", encoding = "UTF-8")
while (length(line <- readLines(input, 1)) > 0) {
  given <- fromJSON(line, simplifyVector = FALSE)
  made <- toJSON(suppressWarnings(answer(given)), auto_unbox = TRUE, null = "null")
  if (!validUTF8(made)) made <- toJSON(list(id = given$id, came = "octets that are not UTF-8"), auto_unbox = TRUE)
  cat(made, "\n", sep = "")
  flush(stdout())
}
