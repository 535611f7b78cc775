#pragma once
/* libcurl's functions of variable arguments, which Swift cannot call, one for each kind of argument. */

#include <curl/curl.h>

/* Each sets one option; what curl answers. */
CURLcode cco_set_number(CURL *handle, CURLoption option, long value);
CURLcode cco_set_bytes(CURL *handle, CURLoption option, curl_off_t value);
/* Copied, but for CURLOPT_COPYPOSTFIELDS by the length that was set before; NULL takes back. */
CURLcode cco_set_text(CURL *handle, CURLoption option, const char *value);
/* Not copied: must live until the transfer has ended. */
CURLcode cco_set_fields(CURL *handle, struct curl_slist *fields);
CURLcode cco_set_error_buffer(CURL *handle, char *buffer);
/* Both are called with `context` as their last argument. */
CURLcode cco_set_receivers(CURL *handle, curl_write_callback field, curl_write_callback body, void *context);
CURLMcode cco_multi_set_number(CURLM *multi, CURLMoption option, long value);

/* The answer's status; 0 where none has come. */
long cco_status(CURL *handle);
/* The next transfer that has ended, and how; NULL where there is none. */
CURL *cco_next_ended(CURLM *multi, CURLcode *result);

/* A peer that is gone is an error of the write, on this thread, and no signal. */
void cco_block_pipe_signal(void);
