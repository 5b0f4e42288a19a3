// Never compiled: what check_includes.cmake must find, among what it must let pass.
#pragma once

#include <fmt/core.h>
#include <unistd.h>
#include <vector>

#include "forbidden.hpp"
#include "missing.hpp"
#include "rankmesh/comm.hpp"
#include "rankmesh/topology/mesh.hpp"
