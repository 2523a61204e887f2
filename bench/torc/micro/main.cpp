// torc's rows of `run.py micro`: the files beside this one.
#include "../../micro.hpp"

MICRO_MAIN
