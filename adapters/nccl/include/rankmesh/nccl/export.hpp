#pragma once

/// @file
/// What `rankmesh::nccl` and `rankmesh::nccl_options` show of themselves as shared libraries: what their
/// public headers declare in the namespaces that bear this mark. All else is hidden.

/// Of a namespace: shared libraries show it.
#define RANKMESH_NCCL_API [[gnu::visibility("default")]]
