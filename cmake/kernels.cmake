# Which sources belong to this machine, and how each is compiled. A word of the file's name says its instruction
# set: avx2.cpp, tile_avx512.cpp, crc32c_sse42.cpp. Everything else is built for the baseline of the machine.

set(avx2 -mavx2 -mfma -mf16c -mpopcnt)
set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mavx512vpopcntdq -mavx512bf16
           -mavx512vbmi -mgfni)
set(amx ${avx512} -mamx-tile -mamx-int8 -mamx-bf16)
set(sse42 -msse4.2)
set(armv8)  # the source asks for what it needs itself
set(neon)
set(x86_words avx2 avx512 amx sse42)
set(arm_words armv8 neon)

if(LILLIPUT_BASELINE)
  add_compile_definitions(LILLIPUT_BASELINE)
  set(foreign_words ${x86_words} ${arm_words})
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(foreign_words ${arm_words})
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(foreign_words ${x86_words})
else()
  set(foreign_words ${x86_words} ${arm_words})
endif()

# The words of a file's name: kernels/i8/tile_avx512.cpp -> tile;avx512
function(lilliput_words source result)
  get_filename_component(stem ${source} NAME_WE)
  string(REPLACE "_" ";" words ${stem})
  set(${result} ${words} PARENT_SCOPE)
endfunction()

# Take the files of other machines out of a list.
function(lilliput_keep_this_machine list)
  set(kept)
  foreach(source IN LISTS ${list})
    lilliput_words(${source} words)
    set(foreign FALSE)
    foreach(word IN LISTS words)
      if(word IN_LIST foreign_words)
        set(foreign TRUE)
      endif()
    endforeach()
    if(NOT foreign)
      list(APPEND kept ${source})
    endif()
  endforeach()
  set(${list} ${kept} PARENT_SCOPE)
endfunction()

# Kernels neither throw nor look up types: such code would pull shared inline functions into wide object files.
function(lilliput_set_kernel_flags sources)
  foreach(source IN LISTS sources)
    set(flags)
    if(source MATCHES "/cpp/kernels/")
      list(APPEND flags -fno-exceptions -fno-rtti)
      if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # The compiler's own intrinsics start from undefined registers and trip these warnings.
        list(APPEND flags -Wno-uninitialized -Wno-maybe-uninitialized)
      endif()
    endif()
    lilliput_words(${source} words)
    foreach(word IN LISTS words)
      if(word IN_LIST x86_words OR word IN_LIST arm_words)
        list(APPEND flags ${${word}})
      endif()
    endforeach()
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${flags}")
  endforeach()
endfunction()
