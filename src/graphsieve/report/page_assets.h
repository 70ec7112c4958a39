// The page's style and scripts, which travel inside the library. Defined in a source that cmake/page_assets.cmake
// makes.
#pragma once

#include <string_view>

namespace graphsieve {

std::string_view page_style();       ///< page.css
std::string_view page_script();      ///< page.js
std::string_view charting_script();  ///< Chart.js, with its notice

}  // namespace graphsieve
