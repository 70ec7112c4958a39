// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/npz.h"

#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <new>

#include "graphsieve/base/error.h"
#include "graphsieve/files/input_file.h"
#include "graphsieve/files/npy_header.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {

struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

using OpenMember = std::unique_ptr<zip_file_t, CloseMember>;

/// Provides the bytes of a zip file to libzip. With libzip's own source, only the first read can tell an unreadable
/// file from a file that is cut off; this source keeps the Error of any read.
class ZipSource {
 public:
  explicit ZipSource(const std::filesystem::path& path) : file_(path) { zip_error_init(&error_); }
  ~ZipSource() { zip_error_fini(&error_); }
  ZipSource(const ZipSource&) = delete;
  ZipSource& operator=(const ZipSource&) = delete;

  /// The function that libzip calls (zip_source_function); `source` is a ZipSource.
  static zip_int64_t call(void* source, void* data, zip_uint64_t length, zip_source_cmd_t command) {
    return static_cast<ZipSource*>(source)->answer(data, length, command);
  }

  int64_t bytes() const { return file_.bytes(); }

  /// Throws the Error of a read that failed, if there was one.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  zip_int64_t answer(void* data, zip_uint64_t length, zip_source_cmd_t command) {
    switch (command) {
      case ZIP_SOURCE_OPEN:
        at_ = 0;
        return 0;
      case ZIP_SOURCE_READ:
        return read(data, length);
      case ZIP_SOURCE_SEEK: {
        const zip_int64_t to = zip_source_seek_compute_offset(
            static_cast<zip_uint64_t>(at_), static_cast<zip_uint64_t>(file_.bytes()), data, length, &error_);
        if (to < 0) return -1;
        at_ = to;
        return 0;
      }
      case ZIP_SOURCE_TELL:
        return at_;
      case ZIP_SOURCE_STAT: {
        auto& status = *static_cast<zip_stat_t*>(data);
        zip_stat_init(&status);
        status.valid |= ZIP_STAT_SIZE, status.size = static_cast<zip_uint64_t>(file_.bytes());
        return sizeof status;
      }
      case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&error_, data, length);
      case ZIP_SOURCE_CLOSE:
      case ZIP_SOURCE_FREE:
        return 0;
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
                                              ZIP_SOURCE_SUPPORTS, -1);
      default:
        zip_error_set(&error_, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
  }

  zip_int64_t read(void* data, zip_uint64_t length) {
    try {
      const size_t count = file_.read_at(at_, data, length);
      at_ += static_cast<int64_t>(count);
      return static_cast<zip_int64_t>(count);
    } catch (const Error&) {  // exceptions must not pass through libzip's C code
      failure_ = std::current_exception();
      zip_error_set(&error_, ZIP_ER_READ, EIO);
      return -1;
    }
  }

  InputFile file_;
  int64_t at_ = 0;
  zip_error_t error_;
  std::exception_ptr failure_;
};

namespace {

const std::string kSuffix = ".npy";

/// Deflate's best ratio is 1032. A size far above it means that the zip's directory is broken or hostile, so nothing is
/// allocated for it.
constexpr uint64_t kMostExpansion = 1100;

constexpr size_t kHeaderStart = 12;  // bytes of a .npy file up to and including the header's length
constexpr zip_uint64_t kMostHeader = 1 << 20;

}  // namespace

struct NpzFile::Archive {
  explicit Archive(const std::filesystem::path& path) : source(path) {
    if (source.bytes() == 0) throw Error(path.string(), ": is empty, expected a complete .npz (zip) file");
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* const made = zip_source_function_create(ZipSource::call, &source, &error);
    zip = made == nullptr ? nullptr : zip_open_from_source(made, ZIP_RDONLY, &error);
    if (zip != nullptr) return;
    if (made != nullptr) zip_source_free(made);
    source.rethrow();
    const int code = zip_error_code_zip(&error);
    const std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (code == ZIP_ER_MEMORY) throw std::bad_alloc();
    throw Error(path.string(), ": ", text, ", expected a complete .npz (zip) file");
  }
  ~Archive() { zip_discard(zip); }

  /// Throws the Error of the source if it has one, otherwise std::bad_alloc if libzip lacked memory, otherwise Error
  /// "WHERE: WHAT: REASON" with libzip's reason.
  [[noreturn]] void fail(const std::string& where, const char* what, zip_error_t* error) const {
    source.rethrow();
    if (zip_error_code_zip(error) == ZIP_ER_MEMORY) throw std::bad_alloc();
    throw Error(where, ": ", what, zip_error_strerror(error));
  }

  OpenMember open(const zip_stat_t& stat, const std::string& where) const {
    OpenMember member(zip_fopen_index(zip, stat.index, 0));
    if (!member) fail(where, "", zip_get_error(zip));
    return member;
  }

  /// Reads exactly `bytes` bytes of a member. Throws Error if the member ends before.
  void fill(const OpenMember& member, std::byte* to, size_t bytes, const std::string& where) const {
    size_t filled = 0;
    while (filled < bytes) {
      const zip_int64_t got = zip_fread(member.get(), to + filled, bytes - filled);
      if (got < 0) fail(where, "broken data: ", zip_file_get_error(member.get()));
      if (got == 0) throw Error(where, ": ", filled, " bytes, expected ", bytes, " (truncated)");
      filled += static_cast<size_t>(got);
    }
  }

  /// Throws Error if the member goes on. libzip compares the checksum when the end is read, so this read is needed for
  /// it.
  void expect_end(const OpenMember& member, const std::string& where) const {
    std::byte more;
    const zip_int64_t rest = zip_fread(member.get(), &more, 1);
    if (rest < 0) fail(where, "broken data: ", zip_file_get_error(member.get()));
    if (rest > 0) throw Error(where, ": more data than the zip's directory says");
  }

  ZipSource source;
  zip_t* zip = nullptr;
};

NpzFile::NpzFile(const std::filesystem::path& path) : path_(path.string()) {
  if (!path_exists(path)) throw Error(path_, ": no such file");
  if (!is_file(path))
    throw Error(path_,
                ": not a file and no graph folder (it has no graph.json); expected an .npz file or a graph folder");
  archive_ = std::make_unique<Archive>(path);
  const zip_int64_t count = zip_get_num_entries(archive_->zip, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* const raw = zip_get_name(archive_->zip, static_cast<zip_uint64_t>(i), 0);
    if (raw == nullptr) archive_->fail(path_, "broken directory: ", zip_get_error(archive_->zip));
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

/// Finds an array in the zip's directory and checks that its sizes are possible.
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
  const OpenMember member = archive_->open(found.stat, where);
  std::vector<std::byte> bytes(found.stat.size);
  archive_->fill(member, bytes.data(), bytes.size(), where);
  archive_->expect_end(member, where);
  return parse_npy(bytes, where);
}

struct NpzReader::Member {
  OpenMember open;
};

NpzReader::NpzReader(const std::filesystem::path& path, const std::string& name)
    : where_(str(path.string(), ": array '", name, "'")), file_(std::make_unique<NpzFile>(path)) {
  const NpzFile::Entry found = file_->entry(name, where_);
  member_ = std::make_unique<Member>(Member{file_->archive_->open(found.stat, where_)});
  // The header is read in two steps: first up to its length, then the rest, at most kMostHeader bytes.
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

void NpzReader::fill(std::byte* to, size_t bytes) { file_->archive_->fill(member_->open, to, bytes, where_); }

std::vector<double> NpzReader::read(int64_t count) {
  if (count > left_) throw Error(where_, ": ", left_, " elements are left, ", count, " are wanted");
  block_.shape = {count};
  block_.bytes.resize(static_cast<size_t>(count) * block_.item_size);
  fill(block_.bytes.data(), block_.bytes.size());
  for (size_t i = 0; swapped_ && i < block_.bytes.size(); i += block_.item_size)
    std::reverse(block_.bytes.begin() + i, block_.bytes.begin() + i + block_.item_size);
  left_ -= count;
  if (left_ == 0 && count > 0) file_->archive_->expect_end(member_->open, where_);
  return block_.as<double>();
}

LargeVector<float> NpzReader::read_floats() {
  constexpr int64_t kBlock = int64_t{1} << 16;
  LargeVector<float> values(static_cast<size_t>(left_));
  if (block_.dtype() == "float32" && !swapped_) {
    fill(reinterpret_cast<std::byte*>(values.data()), values.size() * sizeof(float));
    left_ = 0;
    file_->archive_->expect_end(member_->open, where_);
    return values;
  }
  for (int64_t at = 0; at < static_cast<int64_t>(values.size()); at += kBlock) {
    const int64_t count = std::min(kBlock, left_);
    read(count);
    const std::vector<float> block = block_.as<float>();
    std::copy(block.begin(), block.end(), values.begin() + at);
  }
  return values;
}

}  // namespace graphsieve
