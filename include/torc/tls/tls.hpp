// All of TLS: torc/tls/client.hpp, torc/tls/server.hpp and what comes with them. Includes nothing of OpenSSL.
#pragma once

#include <torc/tls/client.hpp>
#include <torc/tls/errors.hpp>
#include <torc/tls/info.hpp>
#include <torc/tls/server.hpp>
#include <torc/tls/trust.hpp>
