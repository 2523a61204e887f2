// The least that each row of `run.py micro` can cost: the files beside this one.
#include "../../micro.hpp"

MICRO_MAIN
