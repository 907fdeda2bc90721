#include "cli/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

namespace lips::cli {
namespace {

std::string ValueText(const Json& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_bool()) return value.as_bool() ? "yes" : "no";
  if (value.is_null()) return "-";
  return value.Dump(/*compact=*/true);
}

void Append(const Json& facts, size_t indent, std::string& out) {
  size_t width = 0;
  for (const auto& [key, value] : facts.members()) width = std::max(width, key.size());
  for (const auto& [key, value] : facts.members()) {
    std::string label = key;
    std::ranges::replace(label, '_', ' ');
    out.append(indent, ' ');
    out += label;
    if (value.is_object()) {
      out += '\n';
      Append(value, indent + 2, out);
      continue;
    }
    out.append(width + 2 - key.size(), ' ');
    out += ValueText(value) + '\n';
  }
}

// Four digits are what a measurement is worth.
std::string CellText(const Json& value) {
  if (!value.is_number() || value.is_int()) return ValueText(value);
  const double number = value.as_double();
  const double size = std::abs(number);
  std::array<char, 64> text = {};
  std::snprintf(text.data(), text.size(), "%.*f", size >= 100 ? 1 : size >= 10 ? 2 : 3, number);
  return text.data();
}

std::string Padded(const std::string& text, size_t width, bool right) {
  const std::string space(width - std::min(width, text.size()), ' ');
  return right ? space + text : text + space;
}

}  // namespace

std::string FactTable(const Json& facts) {
  std::string out;
  Append(facts, 0, out);
  return out;
}

std::string RowTable(const Json::Array& rows, TableStyle style) {
  if (rows.empty()) return {};
  struct Column {
    std::vector<std::string> cells;  // the key first
    size_t width = 0;
    bool number = false;
  };
  std::vector<Column> columns;
  for (const auto& [key, value] : rows.front().members()) {
    Column column;
    column.cells.push_back(key);
    std::ranges::replace(column.cells[0], '_', ' ');
    for (const Json& row : rows) {
      const Json* cell = row.Find(key);
      column.cells.push_back(cell == nullptr ? "-" : CellText(*cell));
      column.number = column.number || (cell != nullptr && cell->is_number());
    }
    for (const std::string& cell : column.cells) column.width = std::max(column.width, cell.size());
    columns.push_back(std::move(column));
  }
  const bool markdown = style == TableStyle::kMarkdown;
  std::string out;
  for (size_t line = 0; line <= rows.size(); ++line) {
    std::string text = markdown ? "| " : "";
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text += markdown ? " | " : "  ";
      text += Padded(columns[i].cells[line], columns[i].width, columns[i].number);
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out += text + (markdown ? " |\n" : "\n");
    if (line > 0 || !markdown) continue;
    for (const Column& column : columns) out += column.number ? "|--:" : "|---";
    out += "|\n";
  }
  return out;
}

}  // namespace lips::cli
