// A Deferred gives a value that it owns, not a reference to something that may be gone by then.
// refused: a Deferred gives a value: use a pointer or std::reference_wrapper
#include <torc/torc.hpp>

struct Account {};

#ifdef REFUSED
void keep(torc::Deferred<Account&> found);
void find(torc::Deferred<Account&> found) { keep(std::move(found)); }
#else
void keep(torc::Deferred<Account*> found);
void find(torc::Deferred<Account*> found) { keep(std::move(found)); }
#endif
