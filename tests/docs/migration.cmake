# Fails unless the migration table names every function and global of the reference, and every name it gives in
# return is declared in the header of the parallel state.
file(READ ${TABLE} table)
file(READ ${HEADER} header)
set(reference
  initialize_model_parallel is_unitialized is_training_mode set_training_mode set_eval_mode
  model_parallel_is_initialized sequence_parallel_is_initialized sequence_data_parallel_is_initialized
  get_model_parallel_group get_model_parallel_world_size get_model_parallel_rank
  get_sequence_parallel_group get_sequence_data_parallel_group
  get_sequence_parallel_world_size get_sequence_data_parallel_world_size
  get_data_parallel_world_size get_data_parallel_group
  get_sequence_parallel_rank get_sequence_data_parallel_rank get_sequence_parallel_src_rank
  _VIRTUAL_PIPELINE_MODEL_PARALLEL_RANK _PIPELINE_MODEL_PARALLEL_SPLIT_RANK _EMBEDDING_GLOBAL_RANKS
  _POSITION_EMBEDDING_GLOBAL_RANKS _PIPELINE_GLOBAL_RANKS _DATA_PARALLEL_GLOBAL_RANKS _DATA_PARALLEL_GROUP_GLOO
  _AMAX_REDUCTION_GROUP _GLOBAL_MEMORY_BUFFER)
foreach(name IN LISTS reference)
  if(NOT table MATCHES "`${name}[`(]")
    message(SEND_ERROR "the table does not name ${name}")
  endif()
endforeach()
set(ours
  initialize destroy is_uninitialized model_parallel_is_initialized sequence_parallel_is_initialized
  sequence_data_parallel_is_initialized amax_reduction_is_initialized is_training_mode set_training_mode set_eval_mode
  model_parallel_group model_parallel_world_size model_parallel_rank sequence_parallel_group
  sequence_data_parallel_group data_parallel_group data_parallel_world_size sequence_parallel_world_size
  set_sequence_parallel_world_size sequence_parallel_rank set_sequence_parallel_rank
  sequence_data_parallel_world_size set_sequence_data_parallel_world_size sequence_data_parallel_rank
  set_sequence_data_parallel_rank sequence_parallel_src_rank virtual_pipeline_rank set_virtual_pipeline_rank
  virtual_pipeline_world_size pipeline_split_rank data_parallel_global_ranks pipeline_global_ranks
  embedding_global_ranks position_embedding_global_ranks)
foreach(name IN LISTS ours)
  if(NOT header MATCHES " ${name}\\(")
    message(SEND_ERROR "the header does not declare ${name}")
  endif()
endforeach()
