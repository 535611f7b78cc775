#include "CInspection.h"
