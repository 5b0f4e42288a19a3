#pragma once

/// @file
/// What `rankmesh::launch` shows of itself as a shared library: what its public headers declare in
/// the namespaces that bear this mark. All else is hidden.

/// Of a namespace: shared libraries show it.
#define RANKMESH_LAUNCH_API [[gnu::visibility("default")]]
