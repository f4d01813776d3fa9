#include "convolution.h"

#include <algorithm>
#include <string>

#include <ATen/ops/zeros.h>

#include "values.h"

namespace iopaint::graph {
namespace {

using conv::Axis;
using conv::Border;
using conv::Geometry;
using torch::jit::Node;

bool is_convolution(const Node *node) {
  return is(node, "aten::conv2d") || is(node, "aten::_convolution") || is(node, "aten::convolution") ||
         is(node, "aten::_convolution_mode") || is(node, "aten::conv_transpose2d");
}

bool is_weight(const c10::IValue &value, int64_t dimensions) {
  return value.isTensor() && value.toTensor().defined() && value.toTensor().dim() == dimensions &&
         value.toTensor().scalar_type() == at::kFloat && value.toTensor().is_cpu();
}

// The padding of the convolution itself. False: it can't be told now.
bool read_own_padding(Node *node, Geometry &geometry) {
  const auto value = constant(node, "padding");
  if (value && value->isString()) {
    if (value->toStringRef() == "valid") {
      return true;
    }
    for (Axis *axis : {&geometry.rows, &geometry.columns}) {
      const int64_t total = axis->dilation * (axis->kernel - 1);
      axis->pad_before = total / 2;
      axis->pad_after = total - total / 2;
    }
    return value->toStringRef() == "same";
  }
  const auto padding = pair(node, "padding");
  if (!padding) {
    return false;
  }
  geometry.rows.pad_before = geometry.rows.pad_after = (*padding)[0];
  geometry.columns.pad_before = geometry.columns.pad_after = (*padding)[1];
  return true;
}

// Left, right, top, bottom; nothing for another kind of padding.
struct Padding {
  std::vector<int64_t> sizes;
  Border border;
};

std::optional<Padding> read_padding(Node *node) {
  Border border = Border::zero;
  if (is(node, "aten::reflection_pad2d")) {
    border = Border::reflect;
  } else if (is(node, "aten::replication_pad2d")) {
    border = Border::replicate;
  } else if (is(node, "aten::pad") || is(node, "aten::constant_pad_nd")) {
    const auto mode = constant(node, "mode");
    const std::string name = mode && mode->isString() ? mode->toStringRef() : "constant";
    if (name == "reflect" || name == "replicate") {
      border = name == "reflect" ? Border::reflect : Border::replicate;
    } else {
      const auto value = constant(node, "value");
      const bool zero = value && (value->isNone() || (value->isScalar() && value->toScalar().equal(0)));
      if (name != "constant" || !zero) {
        return std::nullopt;
      }
    }
  } else {
    return std::nullopt;
  }
  const char *const argument_name = is(node, "aten::pad") || is(node, "aten::constant_pad_nd") ? "pad" : "padding";
  const auto list = constant(node, argument_name);
  if (!list || !list->isIntList()) {
    return std::nullopt;
  }
  std::vector<int64_t> sizes = list->toIntVector();
  if (sizes.size() == 2 && border == Border::zero) {
    sizes.resize(4);
  }
  const bool shrinks = std::any_of(sizes.begin(), sizes.end(), [](int64_t size) { return size < 0; });
  return sizes.size() == 4 && !shrinks ? std::optional(Padding{sizes, border}) : std::nullopt;
}

// Takes a padding before the convolution into its geometry, if the two are one.
bool take_in(const Padding &padding, Geometry &geometry) {
  if (geometry.pads() && padding.border != Border::zero) {
    return false;
  }
  geometry.columns.pad_before += padding.sizes[0];
  geometry.columns.pad_after += padding.sizes[1];
  geometry.rows.pad_before += padding.sizes[2];
  geometry.rows.pad_after += padding.sizes[3];
  geometry.border = padding.border;
  return true;
}

} // namespace

Found read_convolution(Node *node) {
  if (!is_convolution(node)) {
    return {};
  }
  const auto weight_value = constant(node, "weight"), bias_value = constant(node, "bias");
  const auto groups = constant(node, "groups");
  const auto stride = pair(node, "stride"), dilation = pair(node, "dilation");
  if (!weight_value || !is_weight(*weight_value, 4) || !bias_value || !groups || groups->toInt() != 1 || !stride ||
      !dilation || !(bias_value->isNone() || is_weight(*bias_value, 1))) {
    return {};
  }
  conv::Upsampling upsampling;
  upsampling.transposed = is(node, "aten::conv_transpose2d");
  if (argument(node, "transposed") != nullptr) {
    const auto transposed = constant(node, "transposed");
    if (!transposed) {
      return {};
    }
    upsampling.transposed = transposed->toBool();
  }
  if (upsampling.transposed) {
    const auto more = pair(node, "output_padding");
    if (!more) {
      return {};
    }
    upsampling.more_rows = (*more)[0];
    upsampling.more_columns = (*more)[1];
  }

  const at::Tensor weight = weight_value->toTensor();
  Geometry geometry;
  geometry.rows = {weight.size(2), (*stride)[0], (*dilation)[0]};
  geometry.columns = {weight.size(3), (*stride)[1], (*dilation)[1]};
  if (!read_own_padding(node, geometry)) {
    return {};
  }
  Found found;
  found.input = argument(node, "input");
  Node *const before = found.input->node();
  if (const auto padding = read_padding(before); padding && !upsampling.transposed && take_in(*padding, geometry)) {
    found.padding = true;
    found.input = before->input(0);
  }
  // libtorch has [out, in, rows, columns], and [in, out, rows, columns] for transposed convolutions. A copy: the layer
  // will change it.
  const at::Tensor taps =
      upsampling.transposed ? weight.permute({2, 3, 0, 1}) : weight.permute({2, 3, 1, 0});
  const at::Tensor bias = bias_value->isNone() ? at::zeros({taps.size(3)}, at::kFloat) : bias_value->toTensor().clone();
  found.layer = c10::make_intrusive<conv::Layer>(
      geometry, taps.clone(at::MemoryFormat::Contiguous), bias, upsampling);
  return found;
}

} // namespace iopaint::graph
