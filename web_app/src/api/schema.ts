// Written by `npm run schema` from the server's description of its API. Not to be edited.

export interface paths {
  "/api/v1/adjust_mask": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Grows, shrinks or inverts a mask. The result shows the masked area in the page's mask colour on a
     *     transparent background.
     */
    post: operations["adjust_mask"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/decode": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Converts an image of any supported format to an upright PNG: 8-bit RGB, or RGBA if the image has
     *     transparency, with its colour profile and no other metadata. Of several pages or frames, the first one is
     *     used. The mask of an inpaint request for the same file must have the size of this PNG.
     */
    post: operations["decode"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/gen-info": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Returns the prompts in the text chunk `parameters` of a PNG. They are empty for other images. */
    post: operations["gen_info"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/inpaint": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Fills the masked area of an image and returns the image in its own format. */
    post: operations["inpaint"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/inputimage": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Returns the image that the server was started with. Without one, the response is 200 with an error body,
     *     since IOPaint's clients always request it.
     */
    get: operations["input_image"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/jobs/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Cancels the inpaint request with this `X-Job-Id`. A queued request leaves the queue at once; a running one
     *     stops before its next crop. The response of the request is the error `cancelled`.
     */
    delete: operations["cancel_job"];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/media_file": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Returns an image file of a folder unchanged. */
    get: operations["media_file"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/media_thumbnail_file": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Returns an upright thumbnail of an image: JPEG, or PNG if the image has transparency. It is not larger
     *     than the image or `--max-thumbnail-side` (1024 pixels).
     */
    get: operations["media_thumbnail_file"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/medias": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Returns the images of a folder (.jpg, .jpeg, .png), sorted by name, without unreadable files. */
    get: operations["medias"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/model": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Returns the current model. */
    get: operations["current_model"];
    put?: never;
    /**
     * Switches the current model, which requests without `model` use. If the new model fails to load, the old
     *     one stays current.
     */
    post: operations["switch_model"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/models": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Returns all models of the catalogue. `modelInfos` in the server configuration lists those that need no
     *     download.
     */
    get: operations["models"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/models/{name}/download": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Starts downloading a model and returns at once. Has no effect if the model is present or being downloaded.
     *     The Socket.IO event `model` reports progress.
     */
    post: operations["download_model"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/run_plugin_gen_image": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Always responds with 422: this server has no plugins. */
    post: operations["run_plugin_gen_image"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/run_plugin_gen_mask": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Always responds with 422: this server has no plugins. */
    post: operations["run_plugin_gen_mask"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/samplers": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Returns the samplers of diffusion models, for clients that expect the list. */
    get: operations["samplers"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/save_image": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Saves an image in the output folder. If the name exists, the file gets a number (`photo-1.png`). The
     *     response has the final name.
     */
    post: operations["save_image"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/server-config": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Returns the configuration of the server. */
    get: operations["server_config"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/session": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Exchanges an API key for a session cookie, which scripts can't read (`HttpOnly`) and pages of other sites
     *     can't send (`SameSite=Strict`). It is valid for 30 days. For the web page; scripts should send the key
     *     with each request. A server without keys sets no cookie.
     */
    post: operations["begin_session"];
    /** Ends the session by deleting its cookie. Has no effect without a session. */
    delete: operations["end_session"];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/switch_plugin_model": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Always returns null, as IOPaint does for a disabled plugin. */
    post: operations["switch_plugin_model"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/inpaint": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Fills the masked area of an image, for scripts of lama-cleaner 1.x. */
    post: operations["legacy_inpaint"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/livez": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Liveness probe: 200 while the model thread exists. A model thread that dies is replaced; if that fails,
     *     the response is 503 and the process must be restarted.
     */
    get: operations["livez"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/metrics": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Returns the metrics of the server in Prometheus' text format. */
    get: operations["metrics"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/readyz": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Readiness probe: 200 if a model is ready, 503 before that and during shutdown. */
    get: operations["readyz"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /** @description A mask and an operation. */
    AdjustMask: {
      /**
       * Format: int64
       * @description Number of pixels to grow or shrink by; 0 or more. Values above `--max-kernel-size` (254) are reduced
       *     to it.
       * @default 5
       */
      kernel_size: number;
      /** @description Mask in base64 or as a data URL. Pixels of 127 or brighter are masked. */
      mask: string;
      /** @description Operation. */
      operate: components["schemas"]["Operation"];
    };
    /**
     * @description What is sent back.
     * @enum {string}
     */
    Answer: "image" | "patch";
    /**
     * @description The algorithm of the `cv2` model.
     * @enum {string}
     */
    Cv2Flag: "INPAINT_NS" | "INPAINT_TELEA";
    /** @description An image as part of a form. */
    DecodeForm: {
      /**
       * Format: binary
       * @description Image file.
       */
      image: string;
    };
    /**
     * @description How a model's download stands.
     * @enum {string}
     */
    DownloadState: "downloading" | "ready" | "failed";
    /** @description The body of every error answer: the keys that IOPaint's clients read, and a code. */
    ErrorBody: {
      /** @description Always empty. */
      body: string;
      /** @description What went wrong, for people. */
      detail: string;
      /** @description What went wrong, for programs. */
      error: components["schemas"]["ErrorCode"];
      /** @description The same sentence as `detail`. */
      errors: string;
    };
    /**
     * @description Every way in which a request can fail. Clients may rely on these names.
     * @enum {string}
     */
    ErrorCode:
      | "no-input-image"
      | "invalid-json"
      | "invalid-form"
      | "invalid-base64"
      | "damaged-image"
      | "size-mismatch"
      | "incomplete-body"
      | "invalid-encoding"
      | "missing-key"
      | "wrong-key"
      | "foreign-origin"
      | "downloads-forbidden"
      | "model-fixed"
      | "not-found"
      | "not-offered"
      | "unknown-model"
      | "unknown-job"
      | "method-not-allowed"
      | "body-too-slow"
      | "no-download"
      | "cancelled"
      | "job-id-taken"
      | "body-too-large"
      | "image-too-large"
      | "unsupported-type"
      | "not-an-image"
      | "foreign-host"
      | "invalid-field"
      | "invalid-job-id"
      | "unknown-file"
      | "unknown-plugin"
      | "queue-full"
      | "rate-limited"
      | "too-many-sockets"
      | "internal"
      | "model-failed"
      | "out-of-memory"
      | "storage"
      | "no-model"
      | "draining"
      | "deadline";
    /** @description An image as part of a form. */
    FileForm: {
      /**
       * Format: binary
       * @description Image file, with its name.
       */
      file: string;
    };
    /** @description Prompts of a generated image; empty if it has none. */
    GenInfo: {
      /** @description Negative prompt. */
      negative_prompt: string;
      /** @description Prompt. */
      prompt: string;
    };
    /**
     * @description How a large image is brought down to what the model likes.
     * @enum {string}
     */
    HdStrategyName: "Original" | "Resize" | "Crop" | "Auto";
    /** @description An image, its mask and the options as parts of a form. */
    InpaintForm: {
      /**
       * Format: binary
       * @description Image file.
       */
      image: string;
      /**
       * Format: binary
       * @description Mask file, of the size of the upright image. Pixels brighter than 127 are filled.
       */
      mask: string;
      /** @description Other fields of the JSON request, as JSON. */
      options?: string | null;
    };
    /**
     * @description An image, its mask, and how to fill the hole. `image` and `mask` are enough. Fields that aren't listed are
     *     ignored. Numbers and booleans may come as strings.
     */
    InpaintRequest: {
      /**
       * @description Whether the filling is made to meet the image at the hole's border; needs `sd_keep_unmasked_area`.
       * @default false
       */
      blend: boolean;
      /**
       * Format: double
       * @description For diffusion models; 0 to 1.
       * @default 1
       */
      brushnet_conditioning_scale: number;
      /**
       * @description For diffusion models.
       * @default Sanster/brushnet_random_mask
       */
      brushnet_method: string;
      /**
       * Format: double
       * @description For diffusion models; 0 to 1.
       * @default 0.4
       */
      controlnet_conditioning_scale: number;
      /**
       * @description For diffusion models.
       * @default lllyasviel/control_v11p_sd15_canny
       */
      controlnet_method: string;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 512
       */
      croper_height: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 512
       */
      croper_width: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 0
       */
      croper_x: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 0
       */
      croper_y: number;
      /**
       * @description The algorithm of the `cv2` model.
       * @default INPAINT_NS
       */
      cv2_flag: components["schemas"]["Cv2Flag"];
      /**
       * Format: int64
       * @description The radius of the `cv2` model, in pixels; below 1 counts as 1, above 100 as 100.
       * @default 4
       */
      cv2_radius: number;
      /**
       * @description For diffusion models.
       * @default false
       */
      enable_brushnet: boolean;
      /**
       * @description For diffusion models.
       * @default false
       */
      enable_controlnet: boolean;
      /**
       * @description For diffusion models.
       * @default false
       */
      enable_powerpaint_v2: boolean;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 640
       */
      extender_height: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 640
       */
      extender_width: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 0
       */
      extender_x: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 0
       */
      extender_y: number;
      /**
       * @description Accepts a mask of any size: one of the image's stored size is turned with the image, any other is scaled to
       *     the upright image, nearest neighbour.
       * @default false
       */
      fit_mask: boolean;
      /**
       * Format: double
       * @description For diffusion models; above 0, at most 1.
       * @default 1
       */
      fitting_degree: number;
      /**
       * @description How a large image is brought down to what the model likes.
       * @default Crop
       */
      hd_strategy: components["schemas"]["HdStrategyName"];
      /**
       * Format: int64
       * @description With `Crop`: pixels of context on every side of a part of the hole; 0 or more.
       * @default 128
       */
      hd_strategy_crop_margin: number;
      /**
       * Format: int64
       * @description With `Crop`: the longest side in pixels that runs whole.
       * @default 800
       */
      hd_strategy_crop_trigger_size: number;
      /**
       * Format: int64
       * @description With `Resize`: the longest side in pixels that runs unscaled; 1 or more.
       * @default 1280
       */
      hd_strategy_resize_limit: number;
      /**
       * @description The image: base64, bare or as a data URL. PNG, JPEG, WebP, TIFF, BMP or GIF.
       * @default
       */
      image: string;
      /**
       * @description Sampler of a latent-diffusion model; no effect on models that erase.
       * @default plms
       */
      ldm_sampler: string;
      /**
       * Format: int64
       * @description Steps of a latent-diffusion model; no effect on models that erase.
       * @default 20
       */
      ldm_steps: number;
      /**
       * @description The mask, of the upright image's size: what is brighter than 127 is to be filled. Base64, as `image`.
       * @default
       */
      mask: string;
      /**
       * @description The model that answers; the current one where it is missing or empty.
       * @default null
       */
      model: string | null;
      /**
       * @description For diffusion models.
       * @default
       */
      negative_prompt: string;
      /**
       * Format: double
       * @description For diffusion models.
       * @default 1.5
       */
      p2p_image_guidance_scale: number;
      /**
       * @description For diffusion models.
       * @default null
       */
      paint_by_example_example_image: string | null;
      /**
       * @description For diffusion models.
       * @default text-guided
       */
      powerpaint_task: string;
      /**
       * @description For diffusion models.
       * @default
       */
      prompt: string;
      /**
       * @description What is sent back.
       * @default image
       */
      result: components["schemas"]["Answer"];
      /**
       * Format: double
       * @description For diffusion models.
       * @default 7.5
       */
      sd_guidance_scale: number;
      /**
       * @description Whether pixels outside the hole are put back from the original; the model's own otherwise.
       * @default true
       */
      sd_keep_unmasked_area: boolean;
      /**
       * @description For diffusion models.
       * @default false
       */
      sd_lcm_lora: boolean;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 11
       */
      sd_mask_blur: number;
      /**
       * @description For diffusion models.
       * @default false
       */
      sd_match_histograms: boolean;
      /**
       * Format: double
       * @description For diffusion models.
       * @default 20
       */
      sd_outpainting_softness: number;
      /**
       * Format: double
       * @description For diffusion models.
       * @default 20
       */
      sd_outpainting_space: number;
      /**
       * @description For diffusion models.
       * @default UniPC
       */
      sd_sampler: string;
      /**
       * Format: double
       * @description For diffusion models; above 0, at most 1.
       * @default 1
       */
      sd_scale: number;
      /**
       * Format: int64
       * @description For diffusion models; -1 draws one. Told back in `X-Seed`.
       * @default 42
       */
      sd_seed: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 50
       */
      sd_steps: number;
      /**
       * Format: double
       * @description For diffusion models; at most 1.
       * @default 1
       */
      sd_strength: number;
      /**
       * @description For diffusion models.
       * @default false
       */
      use_croper: boolean;
      /**
       * @description For diffusion models.
       * @default false
       */
      use_extender: boolean;
      /**
       * @description A switch of the ZITS model; no effect on other models.
       * @default true
       */
      zits_wireframe: boolean;
    };
    /** @description The Socket.IO event `job`, sent to a socket that called `watch` with a job id, at once and at each change. */
    JobEvent: {
      /** @description How many of its crops are done, while it runs; a whole image is one crop. */
      crop: number | null;
      /** @description How many crops it has, while it runs. */
      crops: number | null;
      /**
       * Format: int64
       * @description Milliseconds until its result, as far as that can be told.
       */
      eta_ms: number | null;
      /**
       * Format: uuid
       * @description The job's id.
       */
      id: string;
      /** @description How many jobs come before it, the one that runs included; null unless it waits in the queue. */
      position: number | null;
      /** @description How far it is. Nothing follows `done`, `failed` and `cancelled`. */
      state: components["schemas"]["JobState"];
    };
    /**
     * @description How far an inpaint request is.
     * @enum {string}
     */
    JobState: "queued" | "running" | "done" | "failed" | "cancelled";
    /** @description A model of the catalogue. */
    KnownModel: {
      /**
       * Format: int64
       * @description Size of its files in bytes, approximate before the download; null if unknown.
       */
      bytes: number | null;
      /** @description True if this server can download it. */
      downloadable: boolean;
      /**
       * Format: int64
       * @description Downloaded bytes; null unless a download is in progress.
       */
      downloaded: number | null;
      /** @description Licence of the weights as an SPDX expression; null if unknown. */
      licence: string | null;
      /** @description Name in requests. */
      name: string;
      /** @description Availability. */
      state: components["schemas"]["ModelState"];
      /** @description Display name. */
      title: string;
    };
    /** @description An image, its mask and options: fields of the JSON request in camelCase. Other fields have no effect. */
    LegacyForm: {
      /** @description Algorithm of the `cv2` model. */
      cv2Flag?: string | null;
      /**
       * Format: int32
       * @description Radius of the `cv2` model in pixels.
       */
      cv2Radius?: number | null;
      /** @description `Original`, `Resize` or `Crop`. */
      hdStrategy?: string | null;
      /**
       * Format: int32
       * @description With `Crop`: pixels of context around a masked region.
       */
      hdStrategyCropMargin?: number | null;
      /**
       * Format: int32
       * @description With `Crop`: longest side in pixels that runs uncropped. Misspelt in lama-cleaner.
       */
      hdStrategyCropTrigerSize?: number | null;
      /**
       * Format: int32
       * @description With `Resize`: longest side in pixels that runs unscaled.
       */
      hdStrategyResizeLimit?: number | null;
      /**
       * Format: binary
       * @description Image file.
       */
      image: string;
      /**
       * Format: binary
       * @description Mask file, of the size of the image.
       */
      mask: string;
      /**
       * Format: int64
       * @description Returned in `X-Seed`.
       */
      sdSeed?: number | null;
    };
    /** @description Progress of a model that is being downloaded or loaded. */
    Loading: {
      /**
       * Format: int64
       * @description Downloaded bytes; null unless a download is in progress.
       */
      bytes?: number | null;
      /** @description Name of the model. */
      name: string;
      /**
       * Format: int64
       * @description Total bytes to download; null if unknown.
       */
      total?: number | null;
    };
    /** @description A listed image. */
    MediaInfo: {
      /**
       * Format: double
       * @description Time of creation or of the last metadata change, in seconds since 1970.
       */
      ctime: number;
      /**
       * Format: int32
       * @description Height of the upright image in pixels.
       */
      height: number;
      /**
       * Format: double
       * @description Time of the last write, in seconds since 1970.
       */
      mtime: number;
      /** @description File name. */
      name: string;
      /**
       * Format: int32
       * @description Width of the upright image in pixels.
       */
      width: number;
    };
    /** @description The Socket.IO event `model`, sent to every socket while a model is downloaded. */
    ModelEvent: {
      /**
       * Format: int64
       * @description The bytes that have arrived, while it goes on.
       */
      bytes: number | null;
      /** @description Why it failed, in a sentence. */
      error: string | null;
      /** @description The model's name. */
      name: string;
      /** @description How its download stands. */
      state: components["schemas"]["DownloadState"];
      /**
       * Format: int64
       * @description The bytes in all, where that is known.
       */
      total: number | null;
    };
    /**
     * @description A model in `modelInfos` and in the responses of the model routes, with the keys of IOPaint 1.6.0. Fields
     *     for diffusion models are empty or `false`.
     */
    ModelInfo: {
      /** @description Supported `BrushNet` models. */
      brushnets: string[];
      /** @description Supported `ControlNet` models. */
      controlnets: string[];
      /** @description True for a diffusion model in a single file. */
      is_single_file_diffusers: boolean;
      /** @description Type of the model, by which clients choose their tools. */
      model_type: components["schemas"]["ModelType"];
      /** @description Name of the model. */
      name: string;
      /** @description True if the model requires a prompt. */
      need_prompt: boolean;
      /** @description Same as `name`, as in IOPaint for erase models; never a path on the server. */
      path: string;
      /** @description True if the model supports `BrushNet`. */
      support_brushnet: boolean;
      /** @description True if the model supports `ControlNet`. */
      support_controlnet: boolean;
      /** @description True if the model supports LCM-LoRA. */
      support_lcm_lora: boolean;
      /** @description True if the model can extend an image beyond its edges. */
      support_outpainting: boolean;
      /** @description True if the model supports `PowerPaint` 2. */
      support_powerpaint_v2: boolean;
      /** @description True if the model has a strength setting. */
      support_strength: boolean;
    };
    /**
     * @description Availability of a model.
     * @enum {string}
     */
    ModelState: "builtin" | "ready" | "absent" | "downloading";
    /**
     * @description Model types of IOPaint's API.
     * @enum {string}
     */
    ModelType: "inpaint";
    /**
     * @description Operation on a mask.
     * @enum {string}
     */
    Operation: "expand" | "shrink" | "reverse";
    /** @description An enabled plugin. */
    PluginInfo: {
      /** @description Name in requests. */
      name: string;
      /** @description True if it returns images. */
      support_gen_image: boolean;
      /** @description True if it returns masks. */
      support_gen_mask: boolean;
    };
    /** @description Readiness of the server. */
    Readiness: {
      /** @description Reason why the last model failed to load. */
      failure?: string | null;
      loading?: components["schemas"]["Loading"] | null;
      /** @description Current model, once loaded. */
      model?: string | null;
      /** @description True if a model is ready. */
      ready: boolean;
    };
    /** @description A plugin and its input. */
    RunPlugin: {
      /** @description Clicks: x, y, and 1 for the object or 0 for the background. */
      clicks?: number[][];
      /** @description Image in base64. */
      image: string;
      /** @description Name of the plugin. */
      name: string;
      /**
       * Format: double
       * @description Scale factor of the result.
       * @default 2
       */
      scale: number;
    };
    /** @description A saved result. */
    Saved: {
      /** @description File name in the output folder. */
      filename: string;
    };
    /**
     * @description Configuration of the server. Keys and their order are those of IOPaint 1.6.0; some clients compare the
     *     text.
     */
    ServerConfig: {
      /** @description Always null: a feature of diffusion models. */
      controlnetMethod?: string | null;
      /** @description True if clients can't switch the model. */
      disableModelSwitch: boolean;
      /** @description True if results can be saved on the server. */
      enableAutoSaving: boolean;
      /** @description Always false: a feature of diffusion models. */
      enableControlnet: boolean;
      /** @description True if the server provides a folder of images. */
      enableFileManager: boolean;
      /** @description Model of the click-to-select plugin. */
      interactiveSegModel: string;
      /** @description Models for the click-to-select plugin. */
      interactiveSegModels: string[];
      /** @description Always false: IOPaint's desktop application is not supported. */
      isDesktop: boolean;
      /** @description Models that need no download. */
      modelInfos: components["schemas"]["ModelInfo"][];
      /** @description Enabled plugins. */
      plugins: components["schemas"]["PluginInfo"][];
      /** @description Model of the upscaling plugin. */
      realesrganModel: string;
      /** @description Models for the upscaling plugin. */
      realesrganModels: string[];
      /** @description Model of the background-removal plugin. */
      removeBGModel: string;
      /** @description Models for the background-removal plugin. */
      removeBGModels: string[];
      /** @description Samplers of diffusion models, for clients that expect the list. */
      samplers: string[];
    };
    /** @description API key for a session. */
    SessionKey: {
      /** @description API key of the server. */
      key: string;
    };
    /** @description Model to switch to. */
    SwitchModel: {
      /** @description Name of a model from `modelInfos`. */
      name: string;
    };
    /** @description A plugin and its model. */
    SwitchPluginModel: {
      /** @description Name of the model. */
      model_name: string;
      /** @description Name of the plugin. */
      plugin_name: string;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  adjust_mask: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["AdjustMask"];
      };
    };
    responses: {
      /** @description RGBA image of the size of the mask */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "image/png": number[];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body arrives too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  decode: {
    parameters: {
      query?: never;
      header?: {
        /** @description Maximum duration of the request in milliseconds; can't exceed the server's limit */
        "X-Request-Timeout-Ms"?: number | null;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "multipart/form-data": components["schemas"]["DecodeForm"];
      };
    };
    responses: {
      /** @description The upright image */
      200: {
        headers: {
          /** @description EXIF orientation of the file, 1 to 8; 1 = upright */
          "X-Orientation"?: number;
          [name: string]: unknown;
        };
        content: {
          "image/png": number[];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body arrives too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is not a supported image */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server is shutting down */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      504: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  gen_info: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "multipart/form-data": components["schemas"]["FileForm"];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["GenInfo"];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body arrives too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is not an image */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  inpaint: {
    parameters: {
      query?: never;
      header?: {
        /** @description Id of the request, for watching and cancelling it; generated by default */
        "X-Job-Id"?: string | null;
        /** @description Maximum duration of the request in milliseconds; can't exceed the server's limit */
        "X-Request-Timeout-Ms"?: number | null;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["InpaintRequest"];
        "multipart/form-data": components["schemas"]["InpaintForm"];
      };
    };
    responses: {
      /** @description The image in its own format, or a PNG of the changed rectangle */
      200: {
        headers: {
          /** @description Name of the model */
          "X-Inpaint-Model"?: string;
          /** @description Present if a region was too large and ran scaled down */
          "X-Inpaint-Scaled"?: boolean;
          /** @description Id of the request; present in error responses too */
          "X-Job-Id"?: string;
          /** @description Position of a patch in the image: x,y,width,height */
          "X-Patch-Box"?: string;
          /** @description Seed */
          "X-Seed"?: number;
          [name: string]: unknown;
        };
        content: {
          "image/*": number[];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The model of this server is fixed */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body arrives too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was cancelled, or its job id is in use */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      429: {
        headers: {
          /** @description Estimated seconds until the queue has room */
          "Retry-After"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      504: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  input_image: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The image, or an error body if there is none */
      200: {
        headers: {
          /** @description File name */
          "Content-Disposition"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
          "image/*": number[];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description `--input` is a folder */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is not an image */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  cancel_job: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description `X-Job-Id` of the request */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The request is cancelled */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description No request with this id is in flight */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  media_file: {
    parameters: {
      query: {
        /** @description Folder. */
        tab: "input" | "output" | "mask";
        /** @description File name from `medias`. */
        filename: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The file; its media type is detected from the content */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "image/*": number[];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description `--input` is not a folder */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is not an image */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file does not exist */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  media_thumbnail_file: {
    parameters: {
      query: {
        /** @description Folder. */
        tab: "input" | "output" | "mask";
        /** @description File name from `medias`. */
        filename: string;
        /** @description Width in pixels; 0 = derived from `height`, or 256 if that is 0 too. */
        width?: number;
        /** @description Height in pixels; used if `width` is 0. */
        height?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The thumbnail */
      200: {
        headers: {
          /** @description Height in pixels */
          "X-Height"?: number;
          /** @description Width in pixels */
          "X-Width"?: number;
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": number[];
          "image/png": number[];
        };
      };
      /** @description The file is damaged */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description `--input` is not a folder */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is not an image */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file does not exist */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  medias: {
    parameters: {
      query: {
        /** @description Folder. */
        tab: "input" | "output" | "mask";
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["MediaInfo"][];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description `--input` is not a folder */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  current_model: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ModelInfo"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  switch_model: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["SwitchModel"];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ModelInfo"];
        };
      };
      /** @description The body is malformed */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The model of this server is fixed */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body arrives too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body or a part of it exceeds a limit */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The media type of the body is not supported */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  models: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["KnownModel"][];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  download_model: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Name of a model from the catalogue */
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The download has started, or is not needed */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["KnownModel"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description Downloads are disabled on this server */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The model has no download address */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  run_plugin_gen_image: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["RunPlugin"];
      };
    };
    responses: {
      /** @description The body is malformed */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body arrives too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body or a part of it exceeds a limit */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The media type of the body is not supported */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  run_plugin_gen_mask: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["RunPlugin"];
      };
    };
    responses: {
      /** @description The body is malformed */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body arrives too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body or a part of it exceeds a limit */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The media type of the body is not supported */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  samplers: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": string[];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  save_image: {
    parameters: {
      query?: {
        /** @description Replaces an existing file of the same name; otherwise the new file gets a number. */
        overwrite?: boolean;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "multipart/form-data": components["schemas"]["FileForm"];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Saved"];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server has no output folder */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body arrives too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is not an image */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file name is invalid */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  server_config: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ServerConfig"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  begin_session: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["SessionKey"];
      };
    };
    responses: {
      /** @description The session is open */
      204: {
        headers: {
          /** @description Session cookie */
          "Set-Cookie"?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body arrives too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  end_session: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The session is closed */
      204: {
        headers: {
          /** @description Expired session cookie */
          "Set-Cookie"?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  switch_plugin_model: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["SwitchPluginModel"];
      };
    };
    responses: {
      /** @description null */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The body is malformed */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body arrives too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body or a part of it exceeds a limit */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The media type of the body is not supported */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  legacy_inpaint: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "multipart/form-data": components["schemas"]["LegacyForm"];
      };
    };
    responses: {
      /** @description The image in its own format */
      200: {
        headers: {
          /** @description Seed */
          "X-Seed"?: number;
          [name: string]: unknown;
        };
        content: {
          "image/*": number[];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body arrives too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was cancelled, or its job id is in use */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      504: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  livez: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/plain": string;
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/plain": string;
        };
      };
    };
  };
  metrics: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/plain": string;
        };
      };
      /** @description The API key is missing or wrong */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request was sent by a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client exceeded its request rate */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readyz: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Readiness"];
        };
      };
      /** @description The server does not accept this host name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Readiness"];
        };
      };
    };
  };
}
