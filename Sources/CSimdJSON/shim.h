#pragma once
/* C++ only: included by CInspection, never imported by Swift. */
#ifdef __cplusplus
#include <simdjson.h>
#endif
