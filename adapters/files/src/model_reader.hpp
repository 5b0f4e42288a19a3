#pragma once

#include "rankmesh/files/model.hpp"

namespace rankmesh::files {

/// Reads the keys of `config.json`; no rule about sizes is applied.
void read_model_json(std::string_view text, const std::string& source, ModelReading& reading);
/// Reads the keys of TOML; no rule about sizes is applied.
void read_model_toml(std::string_view text, const std::string& source, ModelReading& reading);

}  // namespace rankmesh::files
