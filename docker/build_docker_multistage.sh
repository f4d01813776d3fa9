#!/usr/bin/env bash
# Builds the images: docker/build_docker_multistage.sh [cpu|gpu|all]
#
# Environment, all optional:
#   VERSION         tag besides `latest`; by default the version in Cargo.toml
#   REGISTRY        prefix of the images' names, such as ghcr.io/someone
#   PUSH            1: push the images (needs REGISTRY)
#   PLATFORMS       platforms, such as linux/amd64,linux/arm64 (needs buildx; more than one needs PUSH)
#   CACHE           buildx's cache, such as type=registry,ref=ghcr.io/someone/iopaint:cache
#   PRELOAD_MODELS  models to include in the image, such as "lama"
#   CUDA_VARIANT    libtorch of the gpu image: cu118 (old drivers and cards), cu126, cu128 (newest cards)
#   NODE_IMAGE, RUST_IMAGE, RUNTIME_IMAGE  other bases
#   BUILD_FLAGS     more flags for `docker build`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' green=$'\e[32m' yellow=$'\e[33m' red=$'\e[31m' plain=$'\e[0m'
else
  bold='' green='' yellow='' red='' plain=''
fi
say() { printf '%s==>%s %s\n' "$bold$green" "$plain" "$*"; }
warn() { printf '%swarning:%s %s\n' "$bold$yellow" "$plain" "$*" >&2; }
die() {
  printf '%serror:%s %s\n' "$bold$red" "$plain" "$*" >&2
  exit 1
}

usage() {
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
}

version() {
  sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml
}

# Formats the size of a local image: 1,234 MB.
size_of() {
  local bytes
  bytes=$(docker image inspect --format '{{.Size}}' "$1")
  printf "%'d MB unpacked" $((bytes / 1000000))
}

build() {
  local target=$1
  local name="${REGISTRY:+$REGISTRY/}iopaint"
  local tags=("$name:$target-latest" "$name:$target-$VERSION")
  local arguments=(--file docker/Dockerfile.multistage --target "$target")
  local tag argument
  for tag in "${tags[@]}"; do
    arguments+=(--tag "$tag")
  done
  arguments+=(--build-arg "VERSION=$VERSION" --build-arg "REVISION=$REVISION" --build-arg "CREATED=$CREATED")
  for argument in NODE_IMAGE RUST_IMAGE RUNTIME_IMAGE CUDA_VARIANT PRELOAD_MODELS; do
    [[ -z ${!argument:-} ]] || arguments+=(--build-arg "$argument=${!argument}")
  done
  # Word splitting is what BUILD_FLAGS is for.
  # shellcheck disable=SC2206
  arguments+=(${BUILD_FLAGS:-})

  say "building ${bold}${tags[1]}${plain}"
  if [[ $has_buildx == 1 ]]; then
    [[ -z ${PLATFORMS:-} ]] || arguments+=(--platform "$PLATFORMS")
    [[ -z ${CACHE:-} ]] || arguments+=(--cache-from "$CACHE" --cache-to "$CACHE,mode=max")
    # Attestations describe sources and build of the image.
    if [[ ${PUSH:-} == 1 ]]; then
      arguments+=(--push --provenance mode=max --sbom true)
    else
      arguments+=(--load)
    fi
    docker buildx build "${arguments[@]}" .
  else
    DOCKER_BUILDKIT=1 docker build "${arguments[@]}" .
    if [[ ${PUSH:-} == 1 ]]; then
      for tag in "${tags[@]}"; do
        docker push "$tag"
      done
    fi
  fi
  if [[ ${PUSH:-} == 1 && $has_buildx == 1 ]]; then
    say "pushed ${tags[*]}"
  else
    say "${tags[*]}: $(size_of "${tags[0]}")"
  fi
}

what=${1:-cpu}
case $what in
  cpu | gpu) targets=("$what") ;;
  all) targets=(cpu gpu) ;;
  -h | --help | help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    die "there is no image called '$what'; there are cpu, gpu and all"
    ;;
esac
[[ $# -le 1 ]] || die "one argument at most: cpu, gpu or all"
command -v docker > /dev/null || die "docker is not installed"
docker info > /dev/null 2>&1 || die "no docker engine answers; is it running, and may you use it?"
[[ ${PUSH:-} != 1 || -n ${REGISTRY:-} ]] || die "PUSH=1 needs a REGISTRY to push to"
has_buildx=0
docker buildx version > /dev/null 2>&1 && has_buildx=1
if [[ -n ${PLATFORMS:-} ]]; then
  [[ $has_buildx == 1 ]] || die "PLATFORMS needs docker buildx"
  [[ $PLATFORMS != *,* || ${PUSH:-} == 1 ]] || die "an image for several platforms can't be loaded here: set PUSH=1"
  [[ $what == cpu || $PLATFORMS == linux/amd64 ]] || die "the gpu image exists for linux/amd64 only"
fi
[[ -z ${CACHE:-} || $has_buildx == 1 ]] || warn "CACHE is used by docker buildx only"

VERSION=${VERSION:-$(version)}
REVISION=$(git rev-parse HEAD 2> /dev/null || echo unknown)
# The commit's time, for reproducible images.
CREATED=$(git log -1 --format=%cI 2> /dev/null || echo unknown)
for target in "${targets[@]}"; do
  build "$target"
done
