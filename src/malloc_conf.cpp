/// Read by jemalloc, where it is linked (jemalloc(3), TUNING). Blocks of up to 256 KiB stay with
/// the thread that frees them: librdkafka takes and gives back some of 64 KiB for each request that
/// it compresses, and jemalloc clears such blocks through the kernel, which stops every thread.
extern "C" const char* const malloc_conf;
const char* const malloc_conf = "lg_tcache_max:18,background_thread:true";
