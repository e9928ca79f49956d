// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identify/database_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace rstwatch::identify {
namespace {

constexpr std::string_view magic = "rstwatch signatures 1\n";
constexpr std::size_t largest_cache = 64 << 20;
constexpr std::size_t most_parts = 8;

std::string usual_directory() {
    if (geteuid() == 0) return "/var/cache/rstwatch";
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
        return std::string(cache) + "/rstwatch";
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
        return std::string(home) + "/.cache/rstwatch";
    return {};
}

void append_number(std::string& to, std::uint64_t number) {
    to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

bool take_number(std::string_view& from, std::uint64_t& number) {
    if (from.size() < sizeof number) return false;
    std::memcpy(&number, from.data(), sizeof number);
    from.remove_prefix(sizeof number);
    return true;
}

bool take_text(std::string_view& from, std::string_view& text) {
    std::uint64_t size = 0;
    if (!take_number(from, size) || from.size() < size) return false;
    text = from.substr(0, size);
    from.remove_prefix(size);
    return true;
}

std::uint64_t checksum(std::string_view text) {
    return crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
}

bool is_trusted(const struct stat& info) {
    const bool ours = info.st_uid == geteuid() || info.st_uid == 0;
    return S_ISREG(info.st_mode) && ours && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::string read_trusted(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return {};
    struct stat info {};
    std::string text;
    if (fstat(file, &info) == 0 && is_trusted(info) && static_cast<std::size_t>(info.st_size) <= largest_cache) {
        text.resize(static_cast<std::size_t>(info.st_size));
        std::size_t have = 0;
        while (have < text.size()) {
            const ssize_t got = read(file, text.data() + have, text.size() - have);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            have += static_cast<std::size_t>(got);
        }
        text.resize(have);
    }
    close(file);
    return text;
}

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = write(file, text.data(), text.size());
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

}  // namespace

DatabaseCache::DatabaseCache(const std::string& directory) {
    if (directory == "off") return;
    const std::string chosen = directory.empty() ? usual_directory() : directory;
    if (!chosen.empty()) path_ = chosen + "/signatures.hsdb";
}

std::optional<std::vector<std::string>> DatabaseCache::load(std::string_view key) const {
    if (path_.empty()) return std::nullopt;
    const std::string text = read_trusted(path_);
    std::string_view rest = text;
    if (!rest.starts_with(magic)) return std::nullopt;
    rest.remove_prefix(magic.size());
    std::uint64_t sum = 0, count = 0;
    if (!take_number(rest, sum) || sum != checksum(rest)) return std::nullopt;
    std::string_view stored_key;
    if (!take_text(rest, stored_key) || stored_key != key) return std::nullopt;
    if (!take_number(rest, count) || count > most_parts) return std::nullopt;
    std::vector<std::string> parts;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::string_view part;
        if (!take_text(rest, part)) return std::nullopt;
        parts.emplace_back(part);
    }
    return parts;
}

std::string DatabaseCache::store(std::string_view key, const std::vector<std::string>& parts) const {
    if (path_.empty()) return {};
    std::string content;
    append_number(content, key.size());
    content.append(key);
    append_number(content, parts.size());
    for (const std::string& part : parts) {
        append_number(content, part.size());
        content.append(part);
    }
    std::string head(magic);
    append_number(head, checksum(content));

    std::error_code failed;
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), failed);
    if (failed) return path_ + ": its directory cannot be made: " + failed.message();
    std::string temporary = path_ + ".XXXXXX";
    const int file = mkostemp(temporary.data(), O_CLOEXEC);  // of mode 0600
    bool good = file >= 0 && write_all(file, head) && write_all(file, content);
    if (file >= 0 && close(file) != 0) good = false;
    if (good && rename(temporary.c_str(), path_.c_str()) == 0) return {};
    const int error = errno;
    if (file >= 0) unlink(temporary.c_str());
    return path_ + ": cannot be written: " + std::generic_category().message(error);
}

}  // namespace rstwatch::identify
