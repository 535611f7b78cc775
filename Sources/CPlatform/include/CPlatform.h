#pragma once
/* C macros as functions, and the epoll and socket calls that Swift's Glibc overlay does not show. No logic. */

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
