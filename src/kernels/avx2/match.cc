#include "kernels/match_inl.h"  // compiled here with this folder's instruction set
