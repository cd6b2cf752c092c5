// SPDX-License-Identifier: MIT
#include "websession/java_stream.hpp"

#include "websession/modified_utf8.hpp"

namespace wscluster::websession {
namespace {

constexpr std::string_view stream_head("\xac\xed\x00\x05", 4);
constexpr unsigned max_superclasses = 32;
constexpr std::uint32_t first_handle = 0x7e0000;

enum Tag : std::uint8_t {
  tag_null = 0x70,
  tag_reference,
  tag_class_description,
  tag_object,
  tag_string,
  tag_array,
  tag_class,
  tag_block,
  tag_end_of_block,
  tag_reset,
  tag_long_block,
  tag_exception,
  tag_long_string,
  tag_proxy_description,
  tag_enum,
};

enum ClassFlag : std::uint8_t { has_write_method = 1, is_serializable = 2, is_externalizable = 4, has_block_data = 8 };

/// 0: not a primitive.
unsigned size_of(char type) {
  switch (type) {
    case 'B':
    case 'Z':
      return 1;
    case 'C':
    case 'S':
      return 2;
    case 'F':
    case 'I':
      return 4;
    case 'D':
    case 'J':
      return 8;
    default:
      return 0;
  }
}

/// Ends the parsing; does not leave this source.
struct Broken {
  const char* why;
};

[[noreturn]] void fail(const char* why) {
  throw Broken{why};
}

const JavaValue null_value;

}  // namespace

const JavaValue& JavaValue::field(std::string_view name) const noexcept {
  for (const auto& [own, value] : fields) {
    if (own == name) return *value;
  }
  return null_value;
}

struct JavaStream::Class {
  struct Field {
    char type = 0;
    std::string_view name;
  };
  std::string_view name;
  std::uint8_t flags = 0;
  std::vector<Field> fields;
  const Class* super = nullptr;
  bool is_complete = false;  ///< so that no class is among its own superclasses
  unsigned level = 1;
};

class JavaStream::Parser {
 public:
  Parser(std::string_view bytes, JavaStream& into) : rest_(bytes), into_(into) {}

  const JavaValue* read_all() {
    if (!rest_.starts_with(stream_head)) fail("the head is not that of a Java stream");
    rest_.remove_prefix(stream_head.size());
    while (peek() == tag_block || peek() == tag_long_block)
      skip_block();
    return read_object();
  }

 private:
  struct Depth {
    explicit Depth(Parser& owner) : parser(owner) {
      if (++parser.depth_ > max_depth) fail("objects are nested too deeply");
    }
    ~Depth() { --parser.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    Parser& parser;
  };
  /// What a reference may refer to: one of them.
  struct Handle {
    const JavaValue* value = nullptr;
    const Class* described = nullptr;
  };

  std::string_view take(std::uint64_t count) {
    if (count > rest_.size()) fail("it ends too early");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::uint64_t number(unsigned size) {
    std::uint64_t value = 0;
    for (const char byte : take(size))
      value = value << 8U | static_cast<unsigned char>(byte);
    return value;
  }
  std::uint8_t peek() const {
    if (rest_.empty()) fail("it ends too early");
    return static_cast<std::uint8_t>(rest_.front());
  }
  void work() {
    if (++work_ > max_work) fail("it holds too many values");
  }

  std::string text(std::uint64_t size) {
    auto decoded = decode_modified_utf8(take(size));
    if (!decoded) fail("a text is not modified UTF-8");
    return std::move(*decoded);
  }
  std::string_view name() { return into_.names_.emplace_back(text(number(2))); }

  JavaValue& add(JavaValue::Kind kind) {
    work();
    JavaValue& value = into_.values_.emplace_back();
    value.kind = kind;
    return value;
  }
  JavaValue& add_known(JavaValue::Kind kind, std::string_view class_name) {
    JavaValue& value = add(kind);
    value.class_name = class_name;
    handles_.push_back({&value, nullptr});
    return value;
  }

  void skip_block() { take(number(1) == tag_block ? number(1) : number(4)); }

  const Handle& referred() {
    const std::uint64_t handle = number(4);
    if (handle < first_handle || handle - first_handle >= handles_.size()) fail("a reference leads nowhere");
    return handles_[handle - first_handle];
  }

  const JavaValue* read_object() {
    const Depth depth(*this);
    for (;;) {
      work();
      switch (number(1)) {
        case tag_null:
          return &null_value;
        case tag_reference: {
          const Handle& handle = referred();
          return handle.value != nullptr ? handle.value : &null_value;
        }
        case tag_string:
          return read_text(2);
        case tag_long_string:
          return read_text(8);
        case tag_object:
          return read_instance();
        case tag_array:
          return read_array();
        case tag_enum:
          return read_constant();
        case tag_class: {
          const Class* described = read_class();
          return &add_known(JavaValue::Kind::type, described != nullptr ? described->name : std::string_view());
        }
        case tag_class_description:
          read_description();
          return &null_value;
        case tag_proxy_description:
          read_proxy();
          return &null_value;
        case tag_reset:
          handles_.clear();
          break;
        default:
          fail("an unknown tag");
      }
    }
  }

  const JavaValue* read_text(unsigned size_bytes) {
    JavaValue& value = add_known(JavaValue::Kind::text, {});
    value.text = text(number(size_bytes));
    return &value;
  }

  const JavaValue* read_constant() {
    const Class* described = read_class();
    if (described == nullptr) fail("a constant without a class");
    JavaValue& value = add_known(JavaValue::Kind::constant, described->name);
    const JavaValue* constant = read_object();
    if (!constant->is_text()) fail("a constant without a name");
    value.text = constant->text;
    return &value;
  }

  const JavaValue* read_array() {
    const Class* described = read_class();
    if (described == nullptr || described->name.size() < 2) fail("an array without a type");
    JavaValue& value = add_known(JavaValue::Kind::array, described->name);
    const std::uint64_t count = number(4);
    if (const unsigned size = size_of(described->name[1]); size != 0) {
      take(count * size);
      return &value;
    }
    for (std::uint64_t i = 0; i < count; ++i)
      value.elements.push_back(read_object());
    return &value;
  }

  const JavaValue* read_instance() {
    const Class* described = read_class();
    if (described == nullptr) fail("an object without a class");
    if (!described->is_complete) fail("an object of a class that is not described yet");
    JavaValue& value = add_known(JavaValue::Kind::object, described->name);
    std::vector<const Class*> lineage;
    for (const Class* one = described; one != nullptr; one = one->super)
      lineage.insert(lineage.begin(), one);
    for (const Class* one : lineage)
      read_part(*one, value);
    return &value;
  }

  /// What one class of its lineage has written of an object.
  void read_part(const Class& part, JavaValue& into) {
    work();
    if ((part.flags & is_externalizable) != 0) {
      if ((part.flags & has_block_data) == 0) fail("an object in a form of its own, of protocol version 1");
      read_additions(&into);
      return;
    }
    if ((part.flags & is_serializable) == 0) return;
    for (const Class::Field& field : part.fields)
      into.fields.emplace_back(field.name, read_field(field.type));
    if ((part.flags & has_write_method) != 0) read_additions(&into);
  }

  const JavaValue* read_field(char type) {
    const unsigned size = size_of(type);
    if (size == 0) return read_object();
    const bool is_real = type == 'F' || type == 'D';
    JavaValue& value = add(type == 'Z' ? JavaValue::Kind::boolean
                           : is_real   ? JavaValue::Kind::real
                                       : JavaValue::Kind::integer);
    const std::uint64_t bits = number(size);
    if (is_real) return &value;
    const unsigned unused = type == 'C' ? 0 : 64 - 8 * size;  // char has no sign
    value.integer = static_cast<std::int64_t>(bits << unused) >> unused;
    return &value;
  }

  /// Up to the end mark; `into` may be null.
  void read_additions(JavaValue* into) {
    for (;;) {
      const std::uint8_t tag = peek();
      if (tag == tag_end_of_block) {
        take(1);
        return;
      }
      if (tag == tag_block || tag == tag_long_block) {
        work();
        skip_block();
        continue;
      }
      const JavaValue* added = read_object();
      if (into != nullptr) into->elements.push_back(added);
    }
  }

  /// The description of a class that an object begins with; null for none.
  const Class* read_class() {
    const Depth depth(*this);
    work();
    switch (number(1)) {
      case tag_null:
        return nullptr;
      case tag_reference: {
        const Class* described = referred().described;
        if (described == nullptr) fail("a reference to what is not a class");
        return described;
      }
      case tag_class_description:
        return read_description();
      case tag_proxy_description:
        return read_proxy();
      default:
        fail("a class is expected");
    }
  }

  Class& add_class() {
    work();
    Class& described = classes_.emplace_back();
    handles_.push_back({nullptr, &described});
    return described;
  }

  const Class* read_description() {
    const std::string_view own_name = name();
    take(8);  // serialVersionUID: another version of a class has other fields, which are named here
    Class& described = add_class();
    described.name = own_name;
    described.flags = static_cast<std::uint8_t>(number(1));
    const std::uint64_t count = number(2);
    for (std::uint64_t i = 0; i < count; ++i) {
      work();
      const char type = static_cast<char>(number(1));
      described.fields.push_back({type, name()});
      if (type == 'L' || type == '[') {
        read_object();  // the name of the type
      } else if (size_of(type) == 0) {
        fail("a field of an unknown type");
      }
    }
    finish(described);
    return &described;
  }

  const Class* read_proxy() {
    Class& described = add_class();
    described.flags = is_serializable;
    const std::uint64_t count = number(4);
    for (std::uint64_t i = 0; i < count; ++i) {
      work();
      take(number(2));
    }
    finish(described);
    return &described;
  }

  void finish(Class& described) {
    read_additions(nullptr);
    described.super = read_class();
    if (described.super != nullptr) {
      if (!described.super->is_complete) fail("a class that is its own superclass");
      described.level = described.super->level + 1;
    }
    if (described.level > max_superclasses) fail("a class with too many superclasses");
    described.is_complete = true;
  }

  std::string_view rest_;
  JavaStream& into_;
  std::deque<Class> classes_;
  std::vector<Handle> handles_;
  unsigned depth_ = 0;
  std::size_t work_ = 0;
};

bool JavaStream::begins(std::string_view bytes) noexcept {
  return bytes.starts_with(stream_head);
}

Result<JavaStream> JavaStream::parse(std::string_view bytes) {
  JavaStream stream;
  try {
    stream.root_ = Parser(bytes, stream).read_all();
  } catch (const Broken& broken) {
    return error(Errc::invalid, std::string("Java serialisation: ") + broken.why);
  }
  return stream;
}

}  // namespace wscluster::websession
