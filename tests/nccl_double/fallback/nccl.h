#pragma once

/* The declarations of NCCL that rankmesh uses, for machines without NCCL. Names, types and values are those
 * of NCCL, so the same sources compile with this header and with the real one. A program compiled with this
 * header must be linked with the test double.
 *
 * RANKMESH_FALLBACK_NCCL_VERSION selects the NCCL version, for example 21801 for 2.18.1. Declarations that
 * the selected version lacks are left out. The oldest version is 2.18, the oldest that rankmesh supports. */

#include <cuda_runtime_api.h>
#include <limits.h>
#include <stddef.h>

#ifndef RANKMESH_FALLBACK_NCCL_VERSION
#define RANKMESH_FALLBACK_NCCL_VERSION 22903
#endif
#if RANKMESH_FALLBACK_NCCL_VERSION < 21800 || RANKMESH_FALLBACK_NCCL_VERSION > 22999
#error "RANKMESH_FALLBACK_NCCL_VERSION: 2.18.0 (21800) to 2.29.99 (22999)"
#endif

#define NCCL_MAJOR (RANKMESH_FALLBACK_NCCL_VERSION / 10000)
#define NCCL_MINOR (RANKMESH_FALLBACK_NCCL_VERSION / 100 % 100)
#define NCCL_PATCH (RANKMESH_FALLBACK_NCCL_VERSION % 100)
#define NCCL_VERSION_CODE RANKMESH_FALLBACK_NCCL_VERSION
#define NCCL_VERSION(major, minor, patch) \
  ((major) > 2 || (minor) > 8 ? (major)*10000 + (minor)*100 + (patch) : (major)*1000 + (minor)*100 + (patch))

#define NCCL_UNIQUE_ID_BYTES 128
#define NCCL_COMM_NULL NULL
#define NCCL_CONFIG_UNDEF_INT INT_MIN
#define NCCL_CONFIG_UNDEF_PTR NULL
#define NCCL_SPLIT_NOCOLOR -1
#if NCCL_VERSION_CODE >= 22700
#define NCCL_CTA_POLICY_DEFAULT 0x00
#define NCCL_CTA_POLICY_EFFICIENCY 0x01
#define NCCL_SHRINK_DEFAULT 0x00
#define NCCL_SHRINK_ABORT 0x01
#endif
#if NCCL_VERSION_CODE >= 22800
#define NCCL_CTA_POLICY_ZERO 0x02
#endif
#if NCCL_VERSION_CODE >= 22900
#define NCCL_REVOKE_DEFAULT 0x00
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ncclComm* ncclComm_t;

typedef struct {
  char internal[NCCL_UNIQUE_ID_BYTES];
} ncclUniqueId;

typedef enum {
  ncclSuccess = 0,
  ncclUnhandledCudaError = 1,
  ncclSystemError = 2,
  ncclInternalError = 3,
  ncclInvalidArgument = 4,
  ncclInvalidUsage = 5,
  ncclRemoteError = 6,
  ncclInProgress = 7,
  ncclNumResults = 8
} ncclResult_t;

typedef struct {
  size_t size;
  unsigned int magic;
  unsigned int version;
  int blocking;
  int cgaClusterSize;
  int minCTAs;
  int maxCTAs;
  const char* netName;
  int splitShare;
#if NCCL_VERSION_CODE >= 22600
  int trafficClass;
#endif
#if NCCL_VERSION_CODE >= 22700
  const char* commName;
  int collnetEnable;
  int CTAPolicy;
  int shrinkShare;
  int nvlsCTAs;
#endif
#if NCCL_VERSION_CODE >= 22800
  int nChannelsPerNetPeer;
  int nvlinkCentricSched;
#endif
#if NCCL_VERSION_CODE >= 22900
  int graphUsageMode;
  int numRmaCtx;
#endif
} ncclConfig_t;

/* The initial values of the options that each version added: undefined. */
#if NCCL_VERSION_CODE >= 22600
#define RANKMESH_NCCL_CONFIG_2_26 , NCCL_CONFIG_UNDEF_INT
#else
#define RANKMESH_NCCL_CONFIG_2_26
#endif
#if NCCL_VERSION_CODE >= 22700
#define RANKMESH_NCCL_CONFIG_2_27                                                               \
  , NCCL_CONFIG_UNDEF_PTR, NCCL_CONFIG_UNDEF_INT, NCCL_CONFIG_UNDEF_INT, NCCL_CONFIG_UNDEF_INT, \
      NCCL_CONFIG_UNDEF_INT
#else
#define RANKMESH_NCCL_CONFIG_2_27
#endif
#if NCCL_VERSION_CODE >= 22800
#define RANKMESH_NCCL_CONFIG_2_28 , NCCL_CONFIG_UNDEF_INT, NCCL_CONFIG_UNDEF_INT
#else
#define RANKMESH_NCCL_CONFIG_2_28
#endif
#if NCCL_VERSION_CODE >= 22900
#define RANKMESH_NCCL_CONFIG_2_29 , NCCL_CONFIG_UNDEF_INT, NCCL_CONFIG_UNDEF_INT
#else
#define RANKMESH_NCCL_CONFIG_2_29
#endif
#define NCCL_CONFIG_INITIALIZER                                                                             \
  {                                                                                                         \
    sizeof(ncclConfig_t), 0xcafebeef, NCCL_VERSION_CODE, NCCL_CONFIG_UNDEF_INT, NCCL_CONFIG_UNDEF_INT,      \
        NCCL_CONFIG_UNDEF_INT, NCCL_CONFIG_UNDEF_INT, NCCL_CONFIG_UNDEF_PTR,                                \
        NCCL_CONFIG_UNDEF_INT RANKMESH_NCCL_CONFIG_2_26 RANKMESH_NCCL_CONFIG_2_27 RANKMESH_NCCL_CONFIG_2_28 \
            RANKMESH_NCCL_CONFIG_2_29                                                                       \
  }

typedef enum { ncclSum = 0, ncclProd = 1, ncclMax = 2, ncclMin = 3, ncclAvg = 4, ncclNumOps = 5 } ncclRedOp_t;

typedef enum {
  ncclInt8 = 0,
  ncclChar = 0,
  ncclUint8 = 1,
  ncclInt32 = 2,
  ncclInt = 2,
  ncclUint32 = 3,
  ncclInt64 = 4,
  ncclUint64 = 5,
  ncclFloat16 = 6,
  ncclHalf = 6,
  ncclFloat32 = 7,
  ncclFloat = 7,
  ncclFloat64 = 8,
  ncclDouble = 8,
  ncclBfloat16 = 9,
#if NCCL_VERSION_CODE >= 22400
  ncclFloat8e4m3 = 10,
  ncclFloat8e5m2 = 11,
  ncclNumTypes = 12
#else
  ncclNumTypes = 10
#endif
} ncclDataType_t;

ncclResult_t ncclGetVersion(int* version);
ncclResult_t ncclGetUniqueId(ncclUniqueId* id);
const char* ncclGetErrorString(ncclResult_t result);
const char* ncclGetLastError(ncclComm_t comm);

ncclResult_t ncclCommInitRank(ncclComm_t* comm, int nranks, ncclUniqueId commId, int rank);
ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int nranks, ncclUniqueId commId, int rank,
                                    ncclConfig_t* config);
ncclResult_t ncclCommFinalize(ncclComm_t comm);
ncclResult_t ncclCommSplit(ncclComm_t comm, int color, int key, ncclComm_t* newcomm, ncclConfig_t* config);
#if NCCL_VERSION_CODE >= 22300
ncclResult_t ncclCommInitRankScalable(ncclComm_t* newcomm, int nranks, int myrank, int nId,
                                      ncclUniqueId* commIds, ncclConfig_t* config);
#endif
#if NCCL_VERSION_CODE >= 22700
ncclResult_t ncclCommShrink(ncclComm_t comm, int* excludeRanksList, int excludeRanksCount,
                            ncclComm_t* newcomm, ncclConfig_t* config, int shrinkFlags);
#endif
#if NCCL_VERSION_CODE >= 22900
ncclResult_t ncclCommGetUniqueId(ncclComm_t comm, ncclUniqueId* uniqueId);
ncclResult_t ncclCommGrow(ncclComm_t comm, int nRanks, const ncclUniqueId* uniqueId, int rank,
                          ncclComm_t* newcomm, ncclConfig_t* config);
ncclResult_t ncclCommRevoke(ncclComm_t comm, int revokeFlags);
#endif
ncclResult_t ncclCommDestroy(ncclComm_t comm);
ncclResult_t ncclCommAbort(ncclComm_t comm);

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* asyncError);
ncclResult_t ncclCommCount(const ncclComm_t comm, int* count);
ncclResult_t ncclCommUserRank(const ncclComm_t comm, int* rank);
ncclResult_t ncclCommCuDevice(const ncclComm_t comm, int* device);

ncclResult_t ncclGroupStart(void);
ncclResult_t ncclGroupEnd(void);

ncclResult_t ncclAllReduce(const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype,
                           ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream);
ncclResult_t ncclAllGather(const void* sendbuff, void* recvbuff, size_t sendcount, ncclDataType_t datatype,
                           ncclComm_t comm, cudaStream_t stream);
ncclResult_t ncclBroadcast(const void* sendbuff, void* recvbuff, size_t count, ncclDataType_t datatype,
                           int root, ncclComm_t comm, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
