# SPDX-License-Identifier: Apache-2.0
# The published recipes travel inside the library, so an installed program needs no data folder.
file(GLOB recipe_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/recipes/*.yaml)
set(recipe_source ${CMAKE_CURRENT_BINARY_DIR}/embedded_recipes.cc)
set(text "// Generated from recipes/*.yaml.\n#include \"graphsieve/recipe/embedded.h\"\nnamespace graphsieve {\nconst std::vector<EmbeddedRecipe>& embedded_recipes() {\n  static const std::vector<EmbeddedRecipe> all = {\n")
foreach(file ${recipe_files})
  get_filename_component(stem ${file} NAME_WE)
  file(READ ${file} body)
  string(APPEND text "      {\"${stem}\", R\"yaml(${body})yaml\"},\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
endforeach()
string(APPEND text "  };\n  return all;\n}\n}  // namespace graphsieve\n")
file(GENERATE OUTPUT ${recipe_source} CONTENT "${text}")
target_sources(graphsieve_data_objects PRIVATE ${recipe_source})
