// HTTP: server, router, files, client.
#pragma once

#include <torc/http/body.hpp>
#include <torc/http/client.hpp>
#include <torc/http/directory.hpp>
#include <torc/http/request.hpp>
#include <torc/http/response.hpp>
#include <torc/http/router.hpp>
#include <torc/http/server.hpp>
