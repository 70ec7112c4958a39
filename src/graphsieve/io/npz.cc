#include "graphsieve/io/npz.h"

#include <zip.h>

#include <algorithm>
#include <cstdint>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

const std::string kSuffix = ".npy";

/// Deflate's best ratio is 1032; a size far above is a broken or hostile directory, not worth an allocation.
constexpr uint64_t kMostExpansion = 1100;

struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

std::vector<std::byte> read_member(zip_t* archive, const zip_stat_t& stat, const std::string& where) {
  const std::unique_ptr<zip_file_t, CloseMember> member(zip_fopen_index(archive, stat.index, 0));
  if (!member) throw Error(where, ": ", zip_strerror(archive));
  std::vector<std::byte> out(stat.size);
  size_t filled = 0;
  while (filled < out.size()) {
    const zip_int64_t got = zip_fread(member.get(), out.data() + filled, out.size() - filled);
    if (got < 0) throw Error(where, ": broken data: ", zip_file_strerror(member.get()));
    if (got == 0) throw Error(where, ": ", filled, " bytes, expected ", out.size(), " (truncated)");
    filled += static_cast<size_t>(got);
  }
  std::byte more;  // the checksum is compared when the end is read
  const zip_int64_t rest = zip_fread(member.get(), &more, 1);
  if (rest < 0) throw Error(where, ": broken data: ", zip_file_strerror(member.get()));
  if (rest > 0) throw Error(where, ": more data than the ", out.size(), " bytes of the zip's directory");
  return out;
}

}  // namespace

struct NpzFile::Archive {
  zip_t* zip = nullptr;
  ~Archive() { zip_discard(zip); }
};

NpzFile::NpzFile(const std::filesystem::path& path) : path_(path.string()), archive_(std::make_unique<Archive>()) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw Error(path_, ": no such file");
  if (!std::filesystem::is_regular_file(path, ignored)) throw Error(path_, ": not a file and no graph folder (it has no graph.json); expected an .npz file or a graph folder");
  int code = 0;
  archive_->zip = zip_open(path_.c_str(), ZIP_RDONLY, &code);
  if (archive_->zip == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw Error(path_, ": ", text, ", expected a complete .npz (zip) file");
  }
  const zip_int64_t count = zip_get_num_entries(archive_->zip, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* const raw = zip_get_name(archive_->zip, static_cast<zip_uint64_t>(i), 0);
    const std::string name = raw ? raw : "";
    if (name.size() > kSuffix.size() && name.ends_with(kSuffix))
      names_.push_back(name.substr(0, name.size() - kSuffix.size()));
  }
}

NpzFile::~NpzFile() = default;

bool NpzFile::has(const std::string& name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

NpyArray NpzFile::read(const std::string& name) const {
  const std::string where = str(path_, ": array '", name, "'");
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (!has(name) || zip_stat(archive_->zip, (name + kSuffix).c_str(), 0, &stat) != 0) throw Error(where, " is missing");
  constexpr zip_uint64_t kNeeded = ZIP_STAT_INDEX | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  if ((stat.valid & kNeeded) != kNeeded) throw Error(where, ": no size in the zip's directory");
  std::error_code error;
  const uintmax_t file_size = std::filesystem::file_size(path_, error);
  if (error || stat.comp_size > file_size || stat.size / kMostExpansion > stat.comp_size)
    throw Error(where, ": ", stat.size, " bytes packed into ", stat.comp_size, " of a file of ", file_size,
                ": the zip's directory is broken");
  const std::vector<std::byte> bytes = read_member(archive_->zip, stat, where);
  return parse_npy(bytes, where);
}

}  // namespace graphsieve
