#include "graphsieve/io/npz.h"

#include <zip.h>

#include <algorithm>
#include <cstdint>
#include <new>

#include "graphsieve/base/error.h"
#include "graphsieve/io/npy_header.h"
#include "graphsieve/io/paths.h"

namespace graphsieve {

struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

using OpenMember = std::unique_ptr<zip_file_t, CloseMember>;

namespace {

const std::string kSuffix = ".npy";

/// Deflate's best ratio is 1032; a size far above is a broken or hostile directory, not worth an allocation.
constexpr uint64_t kMostExpansion = 1100;

constexpr size_t kHeaderStart = 12;  // of a .npy file: up to the header's length
constexpr zip_uint64_t kMostHeader = 1 << 20;

/// Throws Error "WHERE: WHAT: REASON" with libzip's reason, and std::bad_alloc where that is a lack of memory.
[[noreturn]] void fail(const std::string& where, const char* what, zip_error_t* error) {
  if (zip_error_code_zip(error) == ZIP_ER_MEMORY) throw std::bad_alloc();
  throw Error(where, ": ", what, zip_error_strerror(error));
}

OpenMember open_member(zip_t* archive, const zip_stat_t& stat, const std::string& where) {
  OpenMember member(zip_fopen_index(archive, stat.index, 0));
  if (!member) fail(where, "", zip_get_error(archive));
  return member;
}

void fill_from(const OpenMember& member, std::byte* to, size_t bytes, const std::string& where) {
  size_t filled = 0;
  while (filled < bytes) {
    const zip_int64_t got = zip_fread(member.get(), to + filled, bytes - filled);
    if (got < 0) fail(where, "broken data: ", zip_file_get_error(member.get()));
    if (got == 0) throw Error(where, ": ", filled, " bytes, expected ", bytes, " (truncated)");
    filled += static_cast<size_t>(got);
  }
}

/// The checksum is compared when the end is read.
void expect_end(const OpenMember& member, const std::string& where) {
  std::byte more;
  const zip_int64_t rest = zip_fread(member.get(), &more, 1);
  if (rest < 0) fail(where, "broken data: ", zip_file_get_error(member.get()));
  if (rest > 0) throw Error(where, ": more data than the zip's directory says");
}

}  // namespace

struct NpzFile::Archive {
  zip_t* zip = nullptr;
  ~Archive() { zip_discard(zip); }
};

NpzFile::NpzFile(const std::filesystem::path& path) : path_(path.string()), archive_(std::make_unique<Archive>()) {
  if (!path_exists(path)) throw Error(path_, ": no such file");
  if (!is_file(path))
    throw Error(path_,
                ": not a file and no graph folder (it has no graph.json); expected an .npz file or a graph folder");
  int code = 0;
  archive_->zip = zip_open(path_.c_str(), ZIP_RDONLY, &code);
  if (archive_->zip == nullptr) {
    if (code == ZIP_ER_MEMORY) throw std::bad_alloc();
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw Error(path_, ": ", text, ", expected a complete .npz (zip) file");
  }
  const zip_int64_t count = zip_get_num_entries(archive_->zip, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* const raw = zip_get_name(archive_->zip, static_cast<zip_uint64_t>(i), 0);
    if (raw == nullptr) fail(path_, "broken directory: ", zip_get_error(archive_->zip));
    const std::string name = raw;
    if (name.size() > kSuffix.size() && name.ends_with(kSuffix))
      names_.push_back(name.substr(0, name.size() - kSuffix.size()));
  }
}

NpzFile::~NpzFile() = default;

bool NpzFile::has(const std::string& name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

struct NpzFile::Entry {
  zip_stat_t stat;
};

NpzFile::Entry NpzFile::entry(const std::string& name, const std::string& where) const {
  Entry entry;
  zip_stat_t& stat = entry.stat;
  zip_stat_init(&stat);
  if (!has(name) || zip_stat(archive_->zip, (name + kSuffix).c_str(), 0, &stat) != 0) throw Error(where, " is missing");
  constexpr zip_uint64_t kNeeded = ZIP_STAT_INDEX | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  if ((stat.valid & kNeeded) != kNeeded) throw Error(where, ": no size in the zip's directory");
  const auto file_size = static_cast<uint64_t>(file_bytes(path_));
  if (stat.comp_size > file_size || stat.size / kMostExpansion > stat.comp_size)
    throw Error(where, ": ", stat.size, " bytes packed into ", stat.comp_size, " of a file of ", file_size,
                ": the zip's directory is broken");
  return entry;
}

NpyArray NpzFile::read(const std::string& name) const {
  const std::string where = str(path_, ": array '", name, "'");
  const Entry found = entry(name, where);
  const OpenMember member = open_member(archive_->zip, found.stat, where);
  std::vector<std::byte> bytes(found.stat.size);
  fill_from(member, bytes.data(), bytes.size(), where);
  expect_end(member, where);
  return parse_npy(bytes, where);
}

struct NpzReader::Member {
  OpenMember open;
};

NpzReader::NpzReader(const std::filesystem::path& path, const std::string& name)
    : where_(str(path.string(), ": array '", name, "'")), file_(std::make_unique<NpzFile>(path)) {
  const NpzFile::Entry found = file_->entry(name, where_);
  member_ = std::make_unique<Member>(Member{open_member(file_->archive_->zip, found.stat, where_)});
  const auto most = static_cast<size_t>(std::min<zip_uint64_t>(found.stat.size, kMostHeader));
  std::vector<std::byte> head(std::min<size_t>(most, kHeaderStart));
  fill(head.data(), head.size());
  const size_t size = std::min(most, npy_header_size(head, where_));
  const size_t begun = head.size();
  head.resize(std::max(begun, size));
  fill(head.data() + begun, head.size() - begun);
  const NpyHeader header = parse_npy_header(head, where_);
  shape_ = header.shape, fortran_order_ = header.fortran_order, swapped_ = header.swapped;
  block_.kind = header.kind, block_.item_size = header.item_size, block_.where = where_;
  left_ = 1;
  for (const int64_t length : shape_)
    if (__builtin_mul_overflow(left_, length, &left_) || left_ > INT64_MAX / 8)
      throw Error(where_, ": too many elements");
  const auto expected = static_cast<uint64_t>(left_) * static_cast<uint64_t>(header.item_size);
  if (found.stat.size - header.data_start != expected)
    throw Error(where_, ": ", found.stat.size - header.data_start, " bytes of data, expected ", expected,
                " for its shape");
}

NpzReader::~NpzReader() = default;

void NpzReader::fill(std::byte* to, size_t bytes) { fill_from(member_->open, to, bytes, where_); }

std::vector<double> NpzReader::read(int64_t count) {
  if (count > left_) throw Error(where_, ": ", left_, " elements are left, ", count, " are wanted");
  block_.shape = {count};
  block_.bytes.resize(static_cast<size_t>(count) * block_.item_size);
  fill(block_.bytes.data(), block_.bytes.size());
  for (size_t i = 0; swapped_ && i < block_.bytes.size(); i += block_.item_size)
    std::reverse(block_.bytes.begin() + i, block_.bytes.begin() + i + block_.item_size);
  left_ -= count;
  if (left_ == 0 && count > 0) expect_end(member_->open, where_);
  return block_.as<double>();
}

}  // namespace graphsieve
