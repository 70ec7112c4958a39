// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/feature_columns.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <numbers>
#include <set>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"

namespace graphsieve {
namespace {

constexpr size_t kMostTexts = 1000;  // most different texts of a text column
constexpr int64_t kFewRows = 50;     // a table of fewer rows may have a text of its own in each row
constexpr size_t kListedTexts = 5;   // most texts in a note
constexpr double kDaysPerWeek = 7, kDaysPerYear = 365.2425;
constexpr double kMondayShift = 3;  // 1970-01-01 was a Thursday
constexpr double kHoursPerDay = 24;

ColumnType column_type(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kTruth:
      return ColumnType::kTruth;
    case ColumnKind::kText:
      return ColumnType::kCategory;
    case ColumnKind::kDate:
      return ColumnType::kDate;
    case ColumnKind::kTimeOfDay:
      return ColumnType::kTimeOfDay;
    case ColumnKind::kDuration:
      return ColumnType::kDuration;
    case ColumnKind::kList:
      return ColumnType::kList;
    default:
      return ColumnType::kNumber;
  }
}

ColumnKind column_kind(ColumnType type) {
  switch (type) {
    case ColumnType::kTruth:
      return ColumnKind::kTruth;
    case ColumnType::kCategory:
      return ColumnKind::kText;
    case ColumnType::kDate:
      return ColumnKind::kDate;
    case ColumnType::kTimeOfDay:
      return ColumnKind::kTimeOfDay;
    case ColumnType::kDuration:
      return ColumnKind::kDuration;
    case ColumnType::kList:
      return ColumnKind::kList;
    case ColumnType::kNumber:
      break;
  }
  return ColumnKind::kNumber;
}

/// Returns the number that a text is, or nothing.
std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Writes the sine and cosine of the phase, which counts whole periods.
void put_phase(double phase, float* to) {
  const double angle = 2 * std::numbers::pi * (phase - std::floor(phase));
  to[0] = static_cast<float>(std::sin(angle));
  to[1] = static_cast<float>(std::cos(angle));
}

}  // namespace

FeatureColumns::FeatureColumns(const Table& table, const std::vector<std::string>& names, FeatureOptions options)
    : table_(table), options_(std::move(options)), columns_(names.size()), given_(false) {
  for (size_t c = 0; c < names.size(); ++c) {
    const TableColumn& column = table_.column(names[c], "");
    SchemaColumn made{.name = names[c], .type = column_type(column.kind)};
    if (made.type == ColumnType::kList) {
      made.length = column.length;
      if (made.length == 0)
        throw Error(table_.path(), ": column '", names[c], "' holds empty lists alone, expected lists of numbers");
    }
    made.indicator = has(options_.indicators, names[c]);
    made.cyclic = has(options_.cyclic, names[c]);
    const bool timed = made.type == ColumnType::kDate || made.type == ColumnType::kTimeOfDay;
    if (made.cyclic && !timed)
      throw Error(table_.path(), ": column '", names[c], "' holds ", column_type_name(made.type), " values; ",
                  option("cyclic"), " takes columns of dates or times of the day");
    if (const auto found = options_.fills.find(names[c]); found != options_.fills.end()) {
      columns_[c].fill = found->second;
      const bool statistic = found->second == "mean" || found->second == "median";
      const bool fits = made.type != ColumnType::kCategory && !(statistic && made.type == ColumnType::kList);
      if (!fits || (!statistic && !number_in(found->second)))
        throw Error(table_.path(), ": column '", names[c], "' of type ", column_type_name(made.type),
                    " cannot be filled with '", found->second, "'; expected a number",
                    made.type == ColumnType::kList ? "" : ", mean or median",
                    made.type == ColumnType::kCategory
                        ? ". A text column is not filled: a row without a text has 0 in all its features"
                        : "");
      if (!statistic) made.fill = number_in(found->second);
    } else if (options_.fill && made.type != ColumnType::kCategory) {
      made.fill = options_.fill;
    }
    schema_.push_back(std::move(made));
  }
  const std::set<std::string> known(names.begin(), names.end());
  const auto check = [&](const std::string& name, const char* field) {
    if (!known.contains(name))
      throw Error(table_.path(), ": '", name, "', named for ", option(field), ", is no feature column");
  };
  for (const auto& [name, fill] : options_.fills) check(name, "fill");
  for (const std::string& name : options_.indicators) check(name, "indicator");
  for (const std::string& name : options_.cyclic) check(name, "cyclic");
}

FeatureColumns::FeatureColumns(const Table& table, std::vector<SchemaColumn> schema, FeatureOptions options)
    : table_(table), options_(std::move(options)), schema_(std::move(schema)), columns_(schema_.size()), given_(true) {
  for (size_t c = 0; c < schema_.size(); ++c) {
    const TableColumn& column = table_.column(schema_[c].name, "features, which the model was trained with");
    if (schema_[c].type == ColumnType::kList && column.length != schema_[c].length)
      throw Error(
          table_.path(), ": column '", column.name, "' ",
          column.kind == ColumnKind::kList ? str("has lists of ", column.length, " numbers") : str("holds no lists"),
          ", the model was trained with lists of ", schema_[c].length);
    int64_t feature = 0;
    for (const std::string& text : schema_[c].categories) columns_[c].texts.emplace(text, feature++);
  }
  place();
}

bool FeatureColumns::learns(size_t c) const {
  return schema_[c].type == ColumnType::kCategory || schema_[c].type == ColumnType::kDate ||
         columns_[c].fill == "mean" || columns_[c].fill == "median";
}

std::vector<WantedColumn> FeatureColumns::to_learn() const {
  std::vector<WantedColumn> wanted;
  for (size_t c = 0; c < schema_.size(); ++c)
    if (!given_ && learns(c)) wanted.push_back({schema_[c].name, column_kind(schema_[c].type)});
  return wanted;
}

void FeatureColumns::learn(const TableBatch& batch, size_t first) {
  for (size_t c = 0; c < schema_.size(); ++c) {
    if (given_ || !learns(c)) continue;
    const TableBatch::Values& values = batch.columns[first++];
    columns_[c].rows += batch.rows;
    schema_[c].type == ColumnType::kCategory ? learn_texts(values, c) : learn_numbers(values, c);
  }
}

void FeatureColumns::learn_texts(const TableBatch::Values& values, size_t c) {
  TextSet& texts = columns_[c].texts;
  for (size_t i = 0; i < values.texts.size(); ++i) {
    if (values.missing[i]) continue;
    ++columns_[c].count;
    if (texts.find(values.texts[i]) != texts.end()) continue;
    texts.emplace(values.texts[i], 0);
    if (texts.size() > kMostTexts) refuse_texts(c, str("more than ", kMostTexts, " different texts"));
  }
}

/// Throws Error with advice about a text column of too many texts. If nearly all of them are numbers, the message names
/// the first cell that is not, which is read again, since it is either a mistake or means that the number is missing.
void FeatureColumns::refuse_texts(size_t c, const std::string& why) const {
  const std::string& name = schema_[c].name;
  int64_t numbers = 0;
  for (const auto& [text, feature] : columns_[c].texts) numbers += table_.is_number(text);
  if (10 * numbers > 9 * std::ssize(columns_[c].texts)) {
    std::vector<std::string> others;
    int64_t first = -1;
    table_.read({{name, ColumnKind::kText}}, [&](const TableBatch& batch) {
      const TableBatch::Values& values = batch.columns[0];
      for (int64_t i = 0; i < batch.rows && others.size() <= kListedTexts; ++i) {
        if (values.missing[i] || table_.is_number(values.texts[i]) || has(others, std::string(values.texts[i])))
          continue;
        if (first < 0) first = batch.first_row + i;
        others.emplace_back(values.texts[i]);
      }
    });
    if (!others.empty() && others.size() <= kListedTexts) {
      std::string missing;
      for (const std::string& text : others) missing += str(missing.empty() ? "" : ",", text);
      throw Error(table_.place(first), ", column '", name, "': ", quoted_text(others[0]),
                  ", expected a number, as in nearly all other rows; ", option("missing", str("'", missing, "'")),
                  " takes such texts as missing numbers");
    }
  }
  throw Error(table_.path(), ": column '", name, "' holds ", why, "; leave it out (", option("drop", name),
              ") or encode it as numbers");
}

/// A text of nearly every row's own says nothing about other rows.
void FeatureColumns::check_texts(size_t c) const {
  const auto texts = std::ssize(columns_[c].texts);
  if (columns_[c].rows >= kFewRows && texts > columns_[c].count / 2 && texts > kFewRows / 2)
    refuse_texts(c, str(texts, " different texts in ", columns_[c].count, " rows"));
}

void FeatureColumns::learn_numbers(const TableBatch::Values& values, size_t c) {
  Column& column = columns_[c];
  const bool integers = !values.integers.empty();
  for (size_t i = 0; i < values.missing.size(); ++i) {
    if (values.missing[i]) continue;
    const double value = integers ? static_cast<double>(values.integers[i]) : values.numbers[i];
    column.least = column.count == 0 ? value : std::min(column.least, value);
    column.sum += value;
    ++column.count;
    if (column.fill == "median") column.values.push_back(value);
  }
  if (static_cast<int64_t>(column.values.size() * sizeof(double)) > options_.memory)
    throw Error(table_.path(), ": column '", schema_[c].name,
                "': the values of which the median is taken need more than ", options_.memory, " bytes (",
                option("memory"), "); take the mean");
}

void FeatureColumns::finish_learning() {
  for (size_t c = 0; c < schema_.size() && !given_; ++c) {
    Column& column = columns_[c];
    SchemaColumn& schema = schema_[c];
    if (schema.type == ColumnType::kCategory) {
      check_texts(c);
      int64_t feature = 0;
      for (auto& [text, place] : column.texts) place = feature++, schema.categories.push_back(text);
    }
    if (schema.type == ColumnType::kDate) schema.origin = std::floor(column.least);
    if (column.fill != "mean" && column.fill != "median") continue;
    if (column.count == 0)
      throw Error(table_.path(), ": column '", schema.name, "' has no value of which to take the ", column.fill);
    double fill = column.sum / static_cast<double>(column.count);
    if (column.fill == "median") {
      const auto middle = column.values.begin() + std::ssize(column.values) / 2;
      std::nth_element(column.values.begin(), middle, column.values.end());
      fill = *middle;
      // The median of an even number of values is the mean of the two in the middle.
      if (column.values.size() % 2 == 0) fill = (fill + *std::max_element(column.values.begin(), middle)) / 2;
      column.values = {};
    }
    schema.fill = fill - schema.origin;
  }
  place();
}

void FeatureColumns::place() {
  first_.clear();
  width_ = 0;
  for (const SchemaColumn& column : schema_) {
    first_.push_back(width_);
    width_ += column.width();
  }
}

std::vector<WantedColumn> FeatureColumns::to_read() const {
  std::vector<WantedColumn> wanted;
  for (const SchemaColumn& column : schema_) wanted.push_back({column.name, column_kind(column.type)});
  return wanted;
}

void FeatureColumns::put(const TableBatch& batch, int64_t begin, int64_t count, float* rows, int64_t stride) {
  for (size_t c = 0; c < schema_.size(); ++c) {
    const TableBatch::Values& values = batch.columns[c];
    const bool text = schema_[c].type == ColumnType::kCategory;
    const int64_t width = schema_[c].width();
    for (int64_t i = begin; i < begin + count; ++i) {
      float* const to = rows + (i - begin) * stride + first_[c];
      std::fill_n(to, width, 0.f);
      text ? put_text(batch, values, c, i, to) : put_number(batch, values, c, i, to);
      if (schema_[c].indicator && values.missing[i]) to[width - 1] = 1;
    }
  }
}

void FeatureColumns::put_text(const TableBatch& batch, const TableBatch::Values& values, size_t c, int64_t i,
                              float* row) {
  if (values.missing[i]) return;
  Column& column = columns_[c];
  if (const auto found = column.texts.find(values.texts[i]); found != column.texts.end()) {
    row[found->second] = 1;
    return;
  }
  if (options_.unknown == UnknownTexts::kRefuse)
    throw Error(table_.place(batch.first_row + i), ", column '", schema_[c].name, "': ", quoted_text(values.texts[i]),
                ", expected a text that the model was trained with");
  ++column.unknown;
  if (column.unknown_texts.size() < kListedTexts) ++column.unknown_texts[std::string(values.texts[i])];
}

void FeatureColumns::put_number(const TableBatch& batch, const TableBatch::Values& values, size_t c, int64_t i,
                                float* row) {
  const SchemaColumn& schema = schema_[c];
  const int64_t values_width = schema.value_width();
  if (values.missing[i]) {
    if (!schema.fill)
      throw Error(table_.place(batch.first_row + i), ", column '", schema.name, "': no ",
                  schema.type == ColumnType::kNumber ? "number" : "value",
                  given_ ? str(", and the training data had one in every row")
                         : str("; ", option("fill", schema.name + (schema.type == ColumnType::kList ? "=0" : "=mean")),
                               " or ", option("fill", "VALUE"), " puts one in its place"));
    std::fill_n(row, values_width, checked(*schema.fill, batch.first_row + i, c));
    ++columns_[c].filled;
    return;
  }
  if (schema.type == ColumnType::kList) {
    for (int64_t e = 0; e < values_width; ++e)
      row[e] = checked(values.numbers[i * values_width + e], batch.first_row + i, c);
    return;
  }
  const double value = values.integers.empty() ? values.numbers[i] : static_cast<double>(values.integers[i]);
  row[0] = checked(value - schema.origin, batch.first_row + i, c);
  if (!schema.cyclic) return;
  if (schema.type == ColumnType::kTimeOfDay) return put_phase(value / kHoursPerDay, row + 1);
  put_phase(value, row + 1);
  put_phase((value + kMondayShift) / kDaysPerWeek, row + 3);
  put_phase(value / kDaysPerYear, row + 5);
}

/// Returns the value as float32. Throws Error if it does not fit.
float FeatureColumns::checked(double value, int64_t row, size_t c) const {
  const auto kept = static_cast<float>(value);
  if (!std::isfinite(kept))
    throw Error(table_.place(row), ", column '", schema_[c].name, "': ", value,
                ", expected a number that float32 holds");
  return kept;
}

std::vector<std::string> FeatureColumns::notes() const {
  std::vector<std::string> notes;
  for (size_t c = 0; c < schema_.size(); ++c) {
    const Column& column = columns_[c];
    if (column.filled > 0)
      notes.push_back(str("column '", schema_[c].name, "': ", column.filled, " missing ",
                          column.filled == 1 ? "value" : "values", " set to ", *schema_[c].fill,
                          column.fill == "mean" || column.fill == "median" ? str(", the ", column.fill) : ""));
    if (column.unknown == 0) continue;
    std::string texts;
    for (const auto& [text, rows] : column.unknown_texts) texts += str(texts.empty() ? "" : ", ", quoted_text(text));
    notes.push_back(
        str("column '", schema_[c].name, "': ", column.unknown, column.unknown == 1 ? " row has" : " rows have",
            " a text that the training data did not have (", texts,
            column.unknown_texts.size() == kListedTexts ? ", …" : "", "): it counts as none of the known ones"));
  }
  return notes;
}

}  // namespace graphsieve
