// SPDX-License-Identifier: Apache-2.0
// The style and the scripts of the page, which are compiled into the library. cmake/page_assets.cmake generates the
// source that defines them.
#pragma once

#include <string_view>

namespace graphsieve {

std::string_view page_style();       ///< page.css
std::string_view page_script();      ///< page.js
std::string_view charting_script();  ///< Chart.js, with its notice

}  // namespace graphsieve
